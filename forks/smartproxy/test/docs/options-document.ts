/** Makes `docs/options.md` out of the comments of the interfaces, so that what users read is what the types say. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

export const documentPath = join(import.meta.dirname, '../../docs/options.md');
const sources = join(import.meta.dirname, '../../ts/interfaces');

export interface IMember {
  readonly name: string;
  readonly type: string;
  readonly meaning: string;
  readonly default: string;
  readonly unit: string;
  readonly since: string;
  readonly compatibility: string;
}

export interface IInterface {
  readonly name: string;
  readonly meaning: string;
  readonly members: readonly IMember[];
}

/** First upstream versions, where its published pages say so. */
const SINCE: Readonly<Record<string, string>> = {
  'ISmartProxyOptions.routes': '14.0.0',
  'ISmartProxyOptions.proxyIPs': '19.5.19',
  'ISmartProxyOptions.acceptProxyProtocol': '19.5.21',
  'ISmartProxyOptions.sendProxyProtocol': '19.5.21',
  'ISmartProxyOptions.acme': '19.4.0',
  'ISmartProxyOptions.metrics': '19.6.7',
  'ISmartProxyOptions.certProvisionFunction': '19.6.17',
  'ISmartProxyOptions.certProvisionFallbackToAcme': '19.6.17',
  'IRouteConfig.match': '14.0.0',
  'IRouteConfig.action': '14.0.0',
  'IRouteConfig.name': '14.0.0',
  'IRouteConfig.description': '14.0.0',
  'IRouteConfig.priority': '14.0.0',
  'IRouteConfig.tags': '14.0.0',
  'IRouteConfig.security': '18.0.0',
  'IRouteAction.targets': '20.0.0',
  'IRouteAction.target': '14.0.0',
  'IRouteAction.socketHandler': '19.5.0',
  'IRouteAction.forwardingEngine': '18.0.0',
  'IRouteAction.sendProxyProtocol': '19.5.21',
  'IRouteAction.options': '25.10.0',
  'IRouteSecurity.maxConnections': '19.6.16',
  'IDomainScopedIp.ip': '27.5.0',
  'IDomainScopedIp.domains': '27.5.0',
};

/** Sections of the document, and the interfaces of each, in the order of reading. */
const SECTIONS: ReadonlyArray<readonly [title: string, file: string, names: readonly string[]]> = [
  [
    'The proxy',
    'options',
    [
      'ISmartProxyOptions',
      'ISmartProxyDefaults',
      'IAcmeOptions',
      'IRequestIdOptions',
      'IDnsChallengeHandler',
      'IMetricsConfig',
      'IProxyLogger',
      'IProvisionedCertificate',
    ],
  ],
  [
    'Storage of certificates',
    'certificate-storage',
    ['ICertificateStorage', 'ICertificateSubject', 'IKeptCertificate'],
  ],
  [
    'Routes',
    'route',
    [
      'IRouteConfig',
      'IRouteMatch',
      'IPortRange',
      'IRouteAction',
      'IRouteActionOptions',
      'IRouteTarget',
      'ITargetMatch',
    ],
  ],
  ['TLS', 'tls', ['IRouteTls', 'ICertificateConfig', 'IRouteAcme', 'IRouteClientAuth', 'IRouteBackendTls']],
  [
    'Security',
    'security',
    [
      'IRouteSecurity',
      'IDefaultSecurity',
      'IDomainScopedIp',
      'IRouteRateLimit',
      'IRouteBasicAuth',
      'IBasicAuthUser',
      'IRouteJwtAuth',
      'IRouteAuthentication',
    ],
  ],
  [
    'HTTP',
    'http',
    [
      'IRouteHeaders',
      'IRouteCors',
      'IRouteWebSocket',
      'IRouteLoadBalancing',
      'IRouteHealthCheck',
      'IRouteAdvanced',
      'IRouteUrlRewrite',
      'IRouteRedirect',
      'IRouteTestResponse',
    ],
  ],
  ['Targets at run time', 'upstreams', ['ITargetResolver', 'ITargetEndpoint', 'IUpstreamChange', 'IUpstreamState']],
  ['What functions and templates see', 'context', ['IRouteContext']],
  ['Decisions of a policy', 'policy', ['IProxyPolicy', 'IPolicyConnection', 'IPolicyRequest', 'IPolicyVerdict']],
];

const CONFIDENCE = /\s*\b(Confirmed|Recalled|Ours)\b((?:[^.]|\.(?=\d))*)\.$/;

/** Every interface of the document, by section. */
export function readInterfaces(): Array<{ title: string; interfaces: IInterface[] }> {
  return SECTIONS.map(([title, file, names]) => {
    const found = parseInterfaces(readFileSync(join(sources, `${file}.ts`), 'utf8'));
    const missing = names.filter((name) => !found.has(name));
    const extra = [...found.keys()].filter((name) => !names.includes(name));
    if (missing.length > 0 || extra.length > 0) {
      throw new Error(`${file}.ts: not found ${missing.join() || '–'}, not documented ${extra.join() || '–'}`);
    }
    return { title, interfaces: names.map((name) => found.get(name)!) };
  });
}

function parseInterfaces(source: string): Map<string, IInterface> {
  const found = new Map<string, IInterface>();
  const pattern = /(?:\/\*\*((?:(?!\*\/)[\s\S])*)\*\/\s*)?export interface (\w+) \{\n([\s\S]*?)\n\}/g;
  for (const [, comment, name, body] of source.matchAll(pattern)) {
    const { text, compatibility } = splitConfidence(cleanComment(comment ?? ''));
    found.set(name!, { name: name!, meaning: text, members: parseMembers(name!, body!, compatibility) });
  }
  return found;
}

function parseMembers(owner: string, body: string, inherited: string): IMember[] {
  const members: IMember[] = [];
  const pattern = /(?:\/\*\*((?:(?!\*\/)[\s\S])*)\*\/\s*)?^ {2}(?:readonly )?(\w+)(\??)(: |\()([\s\S]*?);$/gm;
  for (const [, comment, name, , kind, rest] of body.matchAll(pattern)) {
    const { text, compatibility } = splitConfidence(cleanComment(comment ?? ''));
    const confidence = compatibility || inherited;
    if (confidence === '') throw new Error(`${owner}.${name} does not say whether it is confirmed, recalled or ours`);
    members.push({
      name: name!,
      type: (kind === '(' ? `(${rest}` : rest!).replaceAll(/\s+/g, ' '),
      meaning: text,
      default: readDefault(text),
      unit: readUnit(name!, text),
      since: readSince(`${owner}.${name}`, confidence),
      compatibility: confidence,
    });
  }
  return members;
}

function cleanComment(comment: string): string {
  return comment
    .replaceAll(/^\s*\* ?/gm, ' ')
    .replaceAll(/\{@link ([\w.]+)\}/g, '`$1`')
    .replaceAll(/\s+/g, ' ')
    .trim();
}

function splitConfidence(comment: string): { text: string; compatibility: string } {
  const found = CONFIDENCE.exec(comment);
  if (!found) return { text: comment, compatibility: '' };
  return { text: comment.slice(0, found.index).trim(), compatibility: `${found[1]!.toLowerCase()}${found[2]}` };
}

function readDefault(text: string): string {
  const marked = /(\S+) \(default\)/.exec(text);
  if (marked) return marked[1]!;
  return /\bdefault:? (?!certificate|chain|of )((?:[^;.,]|,(?=\d{3})|\.(?=\S))+)/i.exec(text)?.[1]?.trim() ?? '–';
}

function readUnit(name: string, text: string): string {
  const first = /^(?:Unix time in )?(milliseconds|seconds|bytes)\b/i.exec(text)?.[0];
  if (first) return first.toLowerCase();
  const suffix = /(Days|Hours|Seconds|Bytes|Ms)$/.exec(name)?.[1];
  return suffix
    ? { Days: 'days', Hours: 'hours', Seconds: 'seconds', Bytes: 'bytes', Ms: 'milliseconds' }[suffix]!
    : '–';
}

function readSince(path: string, confidence: string): string {
  if (confidence.startsWith('ours')) return 'ours 0.1.0';
  return SINCE[path] ?? (confidence.startsWith('confirmed') ? '≤ 21.1.3' : '–');
}

const cell = (text: string) => text.replaceAll('|', String.raw`\|`) || '–';

/** The whole document. */
export function makeDocument(): string {
  const lines = [
    '# Options',
    '',
    'Every option, from the comments of the types. **Since** is the upstream version that first had it, where its',
    'published pages say so. **Compatibility** is how sure we are that upstream 21.x means the same: *confirmed* was',
    'read in its published pages, *recalled* is unverified, *ours* does not exist there. A list by confidence stands at',
    'the end.',
    '',
  ];
  const sections = readInterfaces();
  for (const { title, interfaces } of sections) {
    lines.push(`## ${title}`, '');
    for (const { name, meaning, members } of interfaces) {
      lines.push(`### ${name}`, '', ...(meaning ? [meaning, ''] : []));
      lines.push(
        '| option | type | default | unit | since | compatibility | meaning |',
        '| --- | --- | --- | --- | --- | --- | --- |',
      );
      for (const member of members) {
        const { default: preset, unit, since, compatibility, meaning: text } = member;
        lines.push(
          `| \`${member.name}\` | \`${cell(member.type)}\` | ${cell(preset)} | ${unit} | ${since} | ${compatibility} | ${cell(text)} |`,
        );
      }
      lines.push('');
    }
  }
  lines.push('## Compatibility by confidence', '');
  const all = sections.flatMap(({ interfaces }) =>
    interfaces.flatMap(({ name, members }) => members.map((member) => ({ name, member }))),
  );
  for (const level of ['confirmed', 'recalled', 'ours']) {
    const fitting = all.filter(({ member }) => member.compatibility.startsWith(level));
    lines.push(`### ${level[0]!.toUpperCase()}${level.slice(1)}: ${fitting.length}`, '');
    const byInterface = Map.groupBy(fitting, ({ name }) => name);
    for (const [name, entries] of byInterface) {
      lines.push(`- ${name}: ${entries.map(({ member }) => `\`${member.name}\``).join(', ')}`);
    }
    lines.push('');
  }
  return `${lines.join('\n').trimEnd()}\n`;
}
