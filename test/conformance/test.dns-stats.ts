/**
 * One suite for the DNS stats and events, on the fork, on upstream with the patch series, and on wrapped stock upstream.
 *
 * @module
 */
import { after, test } from 'node:test';
import { dnsChecks, dnsKnownFailures } from './dns-checks.ts';
import { dnsSubjects, type IDnsSubject, type TDnsSubjectName } from './dns-subjects.ts';
import { mustFail } from './table.ts';

const { starters, remove } = dnsSubjects();
after(remove);

for (const [subjectName, start] of Object.entries(starters)) {
  const known = dnsKnownFailures[subjectName as TDnsSubjectName];
  for (const [checkName, check] of Object.entries(dnsChecks)) {
    const skip = typeof start === 'string' ? start : false;
    test(`${subjectName}: ${checkName}`, { skip }, async () => {
      if (typeof start === 'string') return;
      const running: IDnsSubject[] = [];
      const keep = (subject: IDnsSubject): IDnsSubject => {
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
