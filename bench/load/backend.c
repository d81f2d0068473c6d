// The cheapest backend that is still correct: HTTP/1.1, TCP echo, TCP bulk and WebSocket echo, one thread.
//
// Listens on four ports of the kernel's choice (or those given) and prints them as one line of JSON.
// HTTP: `GET /64k` has a body of 65,536 bytes, `POST` and all else one of 128. `Connection: close` is honoured.
#include "common.h"

enum role { HTTP, ECHO, BULK, WS, ROLES };
static const char *role_names[ROLES] = {"http", "echo", "bulk", "ws"};

#define INPUT_BYTES 16384
#define BULK_BYTES 262144
#define SMALL_BODY 128
#define LARGE_BODY 65536

struct conn {
  int fd, listener, upgraded, closing, waiting_out;
  enum role role;
  size_t have;            // bytes in `input` not yet used
  const char *out;        // rest of a large response still to write
  size_t out_left;
  uint64_t skip;          // bytes of a request body still to come
  char input[INPUT_BYTES];
};

static int epoll;
static char bulk[BULK_BYTES];

// A prepared response: small or large body, connection kept or closed. RFC 9112 section 9.6: closing is announced.
struct response {
  char bytes[LARGE_BODY + 256];
  size_t length;
};
static struct response responses[2][2];

static void prepare(struct response *response, size_t body, int closing) {
  int n = snprintf(response->bytes, 256,
                   "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nServer: bench\r\nContent-Length: %zu\r\n%s\r\n", body,
                   closing ? "Connection: close\r\n" : "");
  memset(response->bytes + n, 'r', body);
  response->length = (size_t)n + body;
}

static void sha1(const unsigned char *data, size_t length, unsigned char out[20]) {
  unsigned char block[256] = {0};
  size_t padded = ((length + 8) / 64 + 1) * 64;
  memcpy(block, data, length);
  block[length] = 0x80;
  for (int i = 0; i < 8; i++) block[padded - 1 - i] = (unsigned char)((length * 8) >> (8 * i));
  uint32_t h[5] = {0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476, 0xc3d2e1f0};
  for (size_t at = 0; at < padded; at += 64) {
    uint32_t w[80];
    for (int i = 0; i < 16; i++)
      w[i] = (uint32_t)block[at + 4 * i] << 24 | (uint32_t)block[at + 4 * i + 1] << 16 |
             (uint32_t)block[at + 4 * i + 2] << 8 | block[at + 4 * i + 3];
    for (int i = 16; i < 80; i++) {
      uint32_t x = w[i - 3] ^ w[i - 8] ^ w[i - 14] ^ w[i - 16];
      w[i] = x << 1 | x >> 31;
    }
    uint32_t a = h[0], b = h[1], c = h[2], d = h[3], e = h[4];
    for (int i = 0; i < 80; i++) {
      uint32_t f = i < 20 ? (b & c) | (~b & d) : i < 40 ? b ^ c ^ d : i < 60 ? (b & c) | (b & d) | (c & d) : b ^ c ^ d;
      uint32_t k = i < 20 ? 0x5a827999 : i < 40 ? 0x6ed9eba1 : i < 60 ? 0x8f1bbcdc : 0xca62c1d6;
      uint32_t t = (a << 5 | a >> 27) + f + e + k + w[i];
      e = d, d = c, c = b << 30 | b >> 2, b = a, a = t;
    }
    h[0] += a, h[1] += b, h[2] += c, h[3] += d, h[4] += e;
  }
  for (int i = 0; i < 20; i++) out[i] = (unsigned char)(h[i / 4] >> (24 - 8 * (i % 4)));
}

static void base64(const unsigned char *in, size_t length, char *out) {
  static const char table[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  for (size_t i = 0; i < length; i += 3) {
    uint32_t v = (uint32_t)in[i] << 16 | (i + 1 < length ? (uint32_t)in[i + 1] << 8 : 0) | (i + 2 < length ? in[i + 2] : 0);
    *out++ = table[v >> 18];
    *out++ = table[v >> 12 & 63];
    *out++ = i + 1 < length ? table[v >> 6 & 63] : '=';
    *out++ = i + 2 < length ? table[v & 63] : '=';
  }
  *out = 0;
}

static void drop(struct conn *c) {
  close(c->fd);
  free(c);
}

static void want_out(struct conn *c, int wanted) {
  if (c->waiting_out == wanted) return;
  c->waiting_out = wanted;
  // While a response waits for room nothing more is read: that is the back-pressure.
  watch(epoll, EPOLL_CTL_MOD, c->fd, wanted ? EPOLLOUT : EPOLLIN, c);
}

// Writes `data`, keeping the rest for later; false when the connection is gone.
static int put(struct conn *c, const char *data, size_t length) {
  ssize_t n = send(c->fd, data, length, MSG_NOSIGNAL);
  if (n < 0 && errno != EAGAIN) return 0;
  size_t sent = n < 0 ? 0 : (size_t)n;
  c->out = data + sent;
  c->out_left = length - sent;
  want_out(c, c->out_left > 0);
  return 1;
}

static const char *header(const char *head, size_t length, const char *name) {
  size_t name_length = strlen(name);
  for (size_t i = 0; i + name_length < length; i++)
    if (head[i] == '\n' && strncasecmp(head + i + 1, name, name_length) == 0) return head + i + 1 + name_length;
  return NULL;
}

static int answer_http(struct conn *c) {
  while (c->out_left == 0) {
    if (c->skip > 0) {
      size_t n = c->skip < c->have ? (size_t)c->skip : c->have;
      memmove(c->input, c->input + n, c->have - n);
      c->have -= n, c->skip -= n;
      if (c->skip > 0) return 1;
    }
    char *end = memmem(c->input, c->have, "\r\n\r\n", 4);
    if (!end) return c->have < INPUT_BYTES;
    size_t length = (size_t)(end - c->input) + 4;
    const char *body = c->input[0] == 'P' ? header(c->input, length, "content-length:") : NULL;
    const char *connection = header(c->input, length, "connection:");
    int large = length > 8 && memcmp(c->input, "GET /64k", 8) == 0;
    c->closing = connection != NULL && (strncasecmp(connection, " close", 6) == 0 || strncasecmp(connection, "close", 5) == 0);
    c->skip = body ? strtoull(body, NULL, 10) : 0;
    memmove(c->input, c->input + length, c->have - length);
    c->have -= length;
    struct response *response = &responses[large][c->closing];
    if (!put(c, response->bytes, response->length)) return 0;
    if (c->closing && c->out_left == 0) return 0;
  }
  return 1;
}

static int upgrade_ws(struct conn *c) {
  char *end = memmem(c->input, c->have, "\r\n\r\n", 4);
  if (!end) return c->have < INPUT_BYTES;
  size_t length = (size_t)(end - c->input) + 4;
  const char *key = header(c->input, length, "sec-websocket-key: ");
  if (!key) return 0;
  char text[128], accept[64], response[256];
  unsigned char digest[20];
  int n = snprintf(text, sizeof text, "%.24s258EAFA5-E914-47DA-95CA-C5AB0DC85B11", key);
  sha1((unsigned char *)text, (size_t)n, digest);
  base64(digest, 20, accept);
  n = snprintf(response, sizeof response,
               "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
               "Sec-WebSocket-Accept: %s\r\n\r\n", accept);
  if (send(c->fd, response, (size_t)n, MSG_NOSIGNAL) != n) return 0;
  c->upgraded = 1;
  memmove(c->input, c->input + length, c->have - length);
  c->have -= length;
  return 1;
}

static int answer_ws(struct conn *c) {
  if (!c->upgraded && !upgrade_ws(c)) return 0;
  while (c->upgraded && c->have >= 6) {
    unsigned char *frame = (unsigned char *)c->input;
    size_t length = frame[1] & 127u, at = 2;
    if (!(frame[1] & 128) || length == 127) return 0;
    if (length == 126) {
      if (c->have < 8) return 1;
      length = (size_t)frame[2] << 8 | frame[3];
      at = 4;
    }
    if (c->have < at + 4 + length) return c->have < INPUT_BYTES;
    if ((frame[0] & 15) == 8) return 0;
    unsigned char out[INPUT_BYTES];
    memcpy(out, frame, at);
    out[1] &= 127;
    for (size_t i = 0; i < length; i++) out[at + i] = frame[at + 4 + i] ^ frame[at + (i & 3)];
    if (send(c->fd, out, at + length, MSG_NOSIGNAL) != (ssize_t)(at + length)) return 0;
    memmove(c->input, c->input + at + 4 + length, c->have - at - 4 - length);
    c->have -= at + 4 + length;
  }
  return 1;
}

static int on_writable(struct conn *c) {
  if (c->role == BULK) {
    for (int i = 0; i < 4; i++)
      if (send(c->fd, bulk, sizeof bulk, MSG_NOSIGNAL) < 0) return errno == EAGAIN;
    return 1;
  }
  if (!put(c, c->out, c->out_left)) return 0;
  if (c->out_left > 0) return 1;
  if (c->closing) return 0;
  return c->role == HTTP ? answer_http(c) : 1;
}

static int on_readable(struct conn *c) {
  ssize_t n = recv(c->fd, c->input + c->have, INPUT_BYTES - c->have, 0);
  if (n < 0) return errno == EAGAIN;
  if (n == 0) return 0;
  if (c->role == ECHO) return put(c, c->input, (size_t)n);
  if (c->role == BULK) {
    want_out(c, 1);
    return 1;
  }
  c->have += (size_t)n;
  return c->role == HTTP ? answer_http(c) : answer_ws(c);
}

static void accept_all(struct conn *listener) {
  for (int i = 0; i < 64; i++) {
    int fd = accept4(listener->fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd < 0) return;
    int on = 1;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    struct conn *c = malloc(sizeof *c);
    memset(c, 0, offsetof(struct conn, input));
    c->fd = fd, c->role = listener->role;
    watch(epoll, EPOLL_CTL_ADD, fd, EPOLLIN, c);
  }
}

static int listen_on(enum role role, int port) {
  int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), on = 1;
  setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  if (bind(fd, (struct sockaddr *)&at, sizeof at) != 0 || listen(fd, 4096) != 0) die("listen");
  socklen_t size = sizeof at;
  getsockname(fd, (struct sockaddr *)&at, &size);
  struct conn *listener = calloc(1, sizeof *listener);
  listener->fd = fd, listener->listener = 1, listener->role = role;
  watch(epoll, EPOLL_CTL_ADD, fd, EPOLLIN, listener);
  return ntohs(at.sin_port);
}

int main(int argc, char **argv) {
  signal(SIGPIPE, SIG_IGN);
  raise_file_limit();
  epoll = epoll_create1(EPOLL_CLOEXEC);
  memset(bulk, 'b', sizeof bulk);
  for (int closing = 0; closing < 2; closing++) {
    prepare(&responses[0][closing], SMALL_BODY, closing);
    prepare(&responses[1][closing], LARGE_BODY, closing);
  }
  for (int role = 0; role < ROLES; role++) {
    char name[16];
    snprintf(name, sizeof name, "--%s", role_names[role]);
    int port = listen_on((enum role)role, (int)arg_number(argc, argv, name, 0));
    printf("%s\"%s\":%d", role == 0 ? "{" : ",", role_names[role], port);
  }
  printf("}\n");
  fflush(stdout);
  struct epoll_event events[EVENTS_MAX];
  for (;;) {
    int count = epoll_wait(epoll, events, EVENTS_MAX, -1);
    for (int i = 0; i < count; i++) {
      struct conn *c = events[i].data.ptr;
      if (c->listener) {
        accept_all(c);
        continue;
      }
      int alive = !(events[i].events & (EPOLLERR));
      if (alive && (events[i].events & EPOLLOUT)) alive = on_writable(c);
      if (alive && (events[i].events & EPOLLIN)) alive = on_readable(c);
      if (alive && (events[i].events & EPOLLHUP) && !(events[i].events & EPOLLIN)) alive = 0;
      if (!alive) drop(c);
    }
  }
}
