// Command bench compares, side by side in one run, what it costs to ask an EMR directly, through nginx, through
// httputil.ReverseProxy, and through Vestibule with every access recorded durably. It is a comparison, not a timed test:
// nothing here passes or fails because a machine is slow. It does fail when an answer is wrong, when a request was not
// answered, or when the ledger does not hold exactly one record for each request that the gateway answered.
//
//	make bench
//	make bench-ledger
//	go run -tags nomsgpack ./internal/bench [-quick] [-rounds N] [-markdown FILE] [-profile DIR] [-dir DIR]
//	go run -tags nomsgpack ./internal/bench -ledger N [-keep DIR] [-markdown FILE] [-profile DIR] [-dir DIR]
//
// # What is compared
//
//	direct         the EMR itself: a process of its own that serves answers rendered at its start
//	nginx          Debian's nginx as a keep-alive proxy: 2 workers, no access log, buffers that hold every answer
//	reverseproxy   net/http/httputil.ReverseProxy in a process of its own, 256 kept connections: the Go baseline
//	gateway        `vestibule serve`, built here as it is released: tokens verified, grants decided, the EMR's query
//	               narrowed, entries dropped and cut, every access committed to disk before its first byte leaves
//
// A fifth of what the EMR answers lies outside the grant, and the rest is cut to the granted elements, so that filtering
// and cutting really happen. Every Go process runs with GOMAXPROCS=2 (a blocking fdatasync on the only P costs a factor of
// 3 to 7). Everything is on loopback without TLS, and all of it shares the machine's cores with the load generator.
//
// # What is measured
//
// A cell is one scenario (a read, or a search of so many entries), one number of callers and one target. Each caller has
// one kept connection and asks again as soon as the whole answer is there. A cell is bounded in time and in requests. A
// round measures every cell once, targets side by side; the order of the targets turns by one each round.
//
//	req/s, p50, p99   over whole answers; the median of the rounds
//	CPU/req           user and system time of the proxying process and its children, from /proc/PID/stat, over the cell and
//	                  a moment after it (what the gateway does behind the answer counts), divided by the requests; the
//	                  minimum of the rounds, because other load on the machine only ever adds
//
// # The ledger alone
//
// Last, a ledger is filled through its own Append with a made-up history of ten clinics over six years, the same one each time, and
// asked what auditors and reports ask, each question with many arguments: warm, the second time with the same argument, and cold, in
// a database just opened whose file the system was asked to forget. -ledger N measures the ledger alone, with N accesses (9,450,000
// are ten million records, about eighteen gigabytes, for which folders on disk are needed); -keep takes a folder that is not
// removed, and asks again what lies in it.
//
// The ratios and budgets are computed from these figures. The budgets are goals, printed as met or missed.
package main
