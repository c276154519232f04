// Package wire is what adapters share of talking HTTP to an EMR, whatever the EMR speaks: connections with time limits, answers
// read whole and capped, what a status or a lost connection means, one circuit breaker for each EMR, waiting before trying
// again, and values that are loaded once for everybody. It knows no resource and no protocol.
package wire
