/**
 * One suite for the proxy stats and events, on the fork and on the wrapper over a stand-in for upstream.
 *
 * @module
 */
import { test } from 'node:test';
import { proxyChecks, proxyKnownFailures } from './proxy-checks.ts';
import { proxySubjects, type IProxySubject, type TProxySubjectName } from './proxy-subjects.ts';
import { mustFail } from './table.ts';

for (const [subjectName, start] of Object.entries(proxySubjects)) {
  const known = proxyKnownFailures[subjectName as TProxySubjectName];
  for (const [checkName, check] of Object.entries(proxyChecks)) {
    test(`${subjectName}: ${checkName}`, async () => {
      const running: IProxySubject[] = [];
      const keep = (subject: IProxySubject): IProxySubject => {
        running.push(subject);
        return subject;
      };
      try {
        const why = known[checkName];
        if (why === undefined) await check(start, keep);
        else await mustFail(() => check(start, keep), why);
      } finally {
        await Promise.all(running.map((subject) => subject.stop()));
      }
    });
  }
}
