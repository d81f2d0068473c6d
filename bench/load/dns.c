// Closed-loop DNS load over UDP: a fixed number of queries outstanding, sent and read in batches.
//
//   dns --port P --queries FILE --seconds S [--outstanding N] [--sockets K] [--echo] [--do]
//
// FILE holds lines `name type-number`. A reply counts when its id is outstanding on that socket, QR is set, the
// question is the one asked, the code is NOERROR and there is an answer, with `--do` also its signature; `--echo` drops
// what is asked of the answer.
#include "common.h"

#define BATCH 32
#define SLOTS 1024
#define PACKET 2048
#define QUERY_MAX 300
#define QUERIES_MAX 65536
// A query without a reply for this long is lost and is asked again.
#define LOST_NS 1000000000ull

struct query {
  uint16_t length;
  unsigned char bytes[QUERY_MAX];
};

struct slot {
  uint64_t asked_ns;  // 0: free
  uint32_t query;
  uint16_t turn;      // makes the ids of a slot differ from use to use
};

struct sock {
  int fd;
  int share;          // outstanding queries of this socket
  struct slot slots[SLOTS];
  int to_send[SLOTS], to_send_count;
};

static struct query *queries;
static uint32_t query_count, query_next;
static int echo_mode, answers_min = 1;
static uint64_t lost;

static uint16_t encode(unsigned char *out, const char *name, int type, int dnssec_ok) {
  static const unsigned char header[12] = {0, 0, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0};
  memcpy(out, header, 12);
  size_t at = 12;
  for (const char *label = name; *label;) {
    size_t length = strcspn(label, ".");
    out[at++] = (unsigned char)length;
    memcpy(out + at, label, length);
    at += length;
    label += length + (label[length] == '.');
  }
  out[at++] = 0;
  out[at++] = (unsigned char)(type >> 8);
  out[at++] = (unsigned char)type;
  out[at++] = 0;
  out[at++] = 1;
  if (dnssec_ok) {
    // RFC 6891 section 6.1.2: an OPT record, 1,232 bytes, DO set.
    static const unsigned char opt[11] = {0, 0, 41, 0x04, 0xd0, 0, 0, 0x80, 0, 0, 0};
    memcpy(out + at, opt, 11);
    at += 11;
    out[11] = 1;
  }
  return (uint16_t)at;
}

static void read_queries(const char *file, int dnssec_ok) {
  FILE *in = fopen(file, "r");
  if (!in) die(file);
  queries = calloc(QUERIES_MAX, sizeof *queries);
  char name[256];
  int type;
  while (query_count < QUERIES_MAX && fscanf(in, "%250s %d", name, &type) == 2) {
    queries[query_count].length = encode(queries[query_count].bytes, name, type, dnssec_ok);
    query_count++;
  }
  fclose(in);
  if (query_count == 0) die("no queries");
}

static void send_due(struct sock *s, uint64_t now) {
  struct mmsghdr messages[BATCH];
  struct iovec parts[BATCH];
  unsigned char packets[BATCH][QUERY_MAX];
  while (s->to_send_count > 0) {
    int count = s->to_send_count < BATCH ? s->to_send_count : BATCH;
    memset(messages, 0, sizeof messages);
    for (int i = 0; i < count; i++) {
      int index = s->to_send[s->to_send_count - count + i];
      struct slot *slot = &s->slots[index];
      slot->query = query_next;
      query_next = query_next + 1 == query_count ? 0 : query_next + 1;
      slot->turn += SLOTS;
      slot->asked_ns = now;
      struct query *query = &queries[slot->query];
      memcpy(packets[i], query->bytes, query->length);
      uint16_t id = (uint16_t)(slot->turn | index);
      packets[i][0] = (unsigned char)(id >> 8);
      packets[i][1] = (unsigned char)id;
      parts[i] = (struct iovec){.iov_base = packets[i], .iov_len = query->length};
      messages[i].msg_hdr.msg_iov = &parts[i];
      messages[i].msg_hdr.msg_iovlen = 1;
    }
    int sent = sendmmsg(s->fd, messages, (unsigned)count, 0);
    // What the kernel did not take is found again by the search for lost queries.
    (void)sent;
    s->to_send_count -= count;
  }
}

static void take_reply(struct sock *s, const unsigned char *reply, size_t length, uint64_t now) {
  if (length < 12) {
    fail("short reply");
    return;
  }
  uint16_t id = (uint16_t)(reply[0] << 8 | reply[1]);
  int index = id & (SLOTS - 1);
  struct slot *slot = &s->slots[index];
  if (index >= s->share || slot->asked_ns == 0 || (uint16_t)(slot->turn | index) != id) {
    fail("reply to nothing");
    return;
  }
  struct query *query = &queries[slot->query];
  size_t question = (size_t)query->length - 12 - (query->bytes[11] ? 11 : 0);
  if (!(reply[2] & 0x80)) fail("QR is not set");
  else if (length < 12 + question || memcmp(reply + 12, query->bytes + 12, question) != 0) fail("another question");
  else if (!echo_mode && ((reply[3] & 15) != 0 || (reply[6] << 8 | reply[7]) < answers_min)) fail("no answer");
  else report.done++;
  report.bytes += length;
  hist_add(now - slot->asked_ns);
  slot->asked_ns = 0;
  s->to_send[s->to_send_count++] = index;
}

static void read_replies(struct sock *s) {
  static unsigned char packets[BATCH][PACKET];
  struct mmsghdr messages[BATCH];
  struct iovec parts[BATCH];
  for (;;) {
    memset(messages, 0, sizeof messages);
    for (int i = 0; i < BATCH; i++) {
      parts[i] = (struct iovec){.iov_base = packets[i], .iov_len = PACKET};
      messages[i].msg_hdr.msg_iov = &parts[i];
      messages[i].msg_hdr.msg_iovlen = 1;
    }
    int count = recvmmsg(s->fd, messages, BATCH, MSG_DONTWAIT, NULL);
    if (count <= 0) return;
    uint64_t now = now_ns();
    for (int i = 0; i < count; i++) take_reply(s, packets[i], messages[i].msg_len, now);
    send_due(s, now);
    if (count < BATCH) return;
  }
}

static void ask_lost_again(struct sock *socks, int count, uint64_t now) {
  for (int k = 0; k < count; k++) {
    for (int i = 0; i < socks[k].share; i++) {
      struct slot *slot = &socks[k].slots[i];
      if (slot->asked_ns == 0 || now - slot->asked_ns < LOST_NS) continue;
      slot->asked_ns = 0;
      lost++;
      fail("lost");
      socks[k].to_send[socks[k].to_send_count++] = i;
    }
    send_due(&socks[k], now);
  }
}

int main(int argc, char **argv) {
  int port = (int)arg_number(argc, argv, "--port", 53), count = (int)arg_number(argc, argv, "--sockets", 4);
  int outstanding = (int)arg_number(argc, argv, "--outstanding", 100);
  double seconds = arg_number(argc, argv, "--seconds", 1);
  echo_mode = arg_flag(argc, argv, "--echo");
  int dnssec_ok = arg_flag(argc, argv, "--do");
  // A signed answer is the record and its signature.
  if (dnssec_ok) answers_min = 2;
  read_queries(arg_text(argc, argv, "--queries", "queries"), dnssec_ok);
  int epoll = epoll_create1(EPOLL_CLOEXEC);
  struct sock *socks = calloc((size_t)count, sizeof *socks);
  for (int k = 0; k < count; k++) {
    struct sock *s = &socks[k];
    s->fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0);
    int room = 1 << 20;
    setsockopt(s->fd, SOL_SOCKET, SO_RCVBUF, &room, sizeof room);
    struct sockaddr_in target = {
        .sin_family = AF_INET, .sin_port = htons((uint16_t)port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    if (connect(s->fd, (struct sockaddr *)&target, sizeof target) != 0) die("connect");
    watch(epoll, EPOLL_CTL_ADD, s->fd, EPOLLIN, s);
    s->share = outstanding / count;
    if (s->share > SLOTS) s->share = SLOTS;
    for (int i = 0; i < s->share; i++) s->to_send[s->to_send_count++] = i;
  }
  report.started_ns = now_ns();
  uint64_t end = report.started_ns + (uint64_t)(seconds * 1e9), checked = report.started_ns;
  for (int k = 0; k < count; k++) send_due(&socks[k], report.started_ns);
  uint64_t progressed = report.started_ns, last = 0;
  for (;;) {
    struct epoll_event events[16];
    int ready = epoll_wait(epoll, events, 16, 50);
    for (int i = 0; i < ready; i++) read_replies(events[i].data.ptr);
    uint64_t now = now_ns();
    if (report.done != last) last = report.done, progressed = now;
    report.stalled = now - progressed > STALL_NS;
    if (now >= end || report.stalled) break;
    if (now - checked > LOST_NS / 4) {
      checked = now;
      ask_lost_again(socks, count, now);
    }
  }
  report.ended_ns = now_ns();
  print_report();
  return 0;
}
