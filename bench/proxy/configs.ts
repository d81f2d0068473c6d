// Configurations of the peers: one process, one thread, keep-alive to the backend, forwarded-for headers added, no
// access log, and for nginx buffers that hold the large response. Everything else is left at the peer's defaults.
import type { IScenario } from './scenario.ts';

/** Idle connections need room; HAProxy wants two descriptors for each allowed one. */
const HAPROXY_MAXCONN = 9_900;

export function haproxyConfig(scenario: IScenario): string {
  const { kind, listenPort, backendPort } = scenario;
  const mode = kind === 'tcp' ? 'tcp' : 'http';
  const tls = kind === 'https' ? ` ssl crt ${scenario.folder}/both.pem ssl-min-ver TLSv1.3 alpn http/1.1` : '';
  const http = `  option http-keep-alive
  http-reuse always
  option forwardfor
  http-request set-header X-Forwarded-Proto ${kind === 'https' ? 'https' : 'http'}
  http-request set-header X-Forwarded-Host %[req.hdr(Host)]
`;
  return `global
  nbthread 1
  maxconn ${HAPROXY_MAXCONN}
  no numa-cpu-mapping
defaults
  mode ${mode}
  timeout connect 5s
  timeout client 120s
  timeout server 120s
  timeout tunnel 120s
  maxconn ${HAPROXY_MAXCONN}
frontend in
  bind 127.0.0.1:${listenPort}${tls}
  default_backend out
backend out
${mode === 'http' ? http : ''}  server one 127.0.0.1:${backendPort}
`;
}

function nginxHttp(scenario: IScenario): string {
  const tls =
    scenario.kind === 'https'
      ? `ssl_certificate ${scenario.certFile}; ssl_certificate_key ${scenario.keyFile}; ssl_protocols TLSv1.3;`
      : '';
  return `http {
  access_log off;
  client_body_temp_path ${scenario.folder}/body;
  proxy_temp_path ${scenario.folder}/proxy;
  fastcgi_temp_path ${scenario.folder}/fastcgi;
  uwsgi_temp_path ${scenario.folder}/uwsgi;
  scgi_temp_path ${scenario.folder}/scgi;
  keepalive_requests 1000000000;
  proxy_buffer_size 16k;
  proxy_buffers 16 16k;
  proxy_busy_buffers_size 64k;
  proxy_max_temp_file_size 0;
  keepalive_timeout 120s;
  upstream out { server 127.0.0.1:${scenario.backendPort}; keepalive 256; keepalive_requests 1000000000; }
  map $http_upgrade $connection_upgrade { default upgrade; '' ''; }
  server {
    listen 127.0.0.1:${scenario.listenPort} backlog=4096 ${scenario.kind === 'https' ? 'ssl' : ''};
    ${tls}
    location / {
      proxy_pass http://out;
      proxy_http_version 1.1;
      proxy_set_header Host $host;
      proxy_set_header Upgrade $http_upgrade;
      proxy_set_header Connection $connection_upgrade;
      proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
      proxy_set_header X-Forwarded-Proto $scheme;
      proxy_set_header X-Forwarded-Host $host;
    }
  }
}
`;
}

function nginxStream(scenario: IScenario): string {
  return `stream {
  server { listen 127.0.0.1:${scenario.listenPort} backlog=4096; proxy_pass 127.0.0.1:${scenario.backendPort}; tcp_nodelay on; }
}
`;
}

/** `streamModule` is the dynamic module's path where the build needs it loaded. */
export function nginxConfig(scenario: IScenario, streamModule: string | undefined): string {
  const load = scenario.kind === 'tcp' && streamModule !== undefined ? `load_module ${streamModule};\n` : '';
  return `${load}daemon off;
worker_processes 1;
worker_rlimit_nofile 20000;
pid ${scenario.folder}/nginx.pid;
error_log stderr crit;
events { worker_connections 19000; }
${scenario.kind === 'tcp' ? nginxStream(scenario) : nginxHttp(scenario)}`;
}

export function caddyConfig(scenario: IScenario): string {
  const site = scenario.kind === 'https' ? `https://:${scenario.listenPort}` : `http://:${scenario.listenPort}`;
  const tls = scenario.kind === 'https' ? `  tls ${scenario.certFile} ${scenario.keyFile}\n` : '';
  return `{
  admin off
  auto_https off
  servers {
    protocols h1
  }
}
${site} {
  bind 127.0.0.1
${tls}  reverse_proxy 127.0.0.1:${scenario.backendPort}
}
`;
}
