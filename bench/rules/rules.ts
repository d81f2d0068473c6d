// A thousand rules as an operator's might be: by host, name, network, path, header; none of them decides.
import { configSchema, type TRulesConfig } from '@dcrouter/dcrouter';

const OCTET = 256;

function condition(index: number): string {
  switch (index % 10) {
    case 0:
      return `http.host == "shop${index}.example.com" and http.path under "/admin"`;
    case 1:
      return `http.host under "customer${index}.example.net" and not client.ip in 10.0.0.0/8`;
    case 2:
      return `client.ip in 198.${index % OCTET}.${(index * 7) % OCTET}.0/24`;
    case 3:
      return `http.path starts_with "/api/v${index}/" and http.method in ["POST", "PUT"]`;
    case 4:
      return `http.host == "old${index}.example.org" and http.header("user-agent") matches "(?i)bot|crawler"`;
    case 5:
      return `dns.qname under "blocked${index}.example" and dns.qtype in ["A", "AAAA"]`;
    case 6:
      return `dns.qname == "host${index}.example.com"`;
    case 7:
      return `tls.sni like "*.tenant${index}.example.com" or http.host like "*.tenant${index}.example.com"`;
    case 8:
      return `client.ip in [203.0.113.${index % OCTET}, 2001:db8:${index.toString(16)}::/48] and conn.port == 443`;
    default:
      return `http.path == "/login/${index}" and client.rate("10s") > 50`;
  }
}

export const RULES = 1_000;

export function makeRules(): TRulesConfig {
  const rules = Array.from({ length: RULES }, (_, index) => ({
    name: `rule ${index}`,
    when: condition(index),
    priority: index % 3,
    action: { type: 'deny' },
  }));
  return configSchema.parse({ rules: { rules } }).rules;
}
