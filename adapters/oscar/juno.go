package oscar

import (
	"net/http"
	"time"

	"vestibule/adapters/internal/wire"
	"vestibule/fhir"
)

// junoFault says more of a refusal that came in Juno's own envelope (junoemr: ws/rest/exceptionMapping). The rate limit has
// status 503, where 429 would be expected; a number that is not there is 400.
func junoFault(x *exchange, f *wire.Fault, text string) *wire.Fault {
	envelope, _ := fhir.Parse([]byte(text), fhir.Limits{}) // nothing is found in what cannot be parsed
	wait, limited := junoLimit(envelope)
	switch {
	case limited:
		f = junoBusy(x.op, x.typ, f.Status, max(f.Err.RetryAfter, wait))
	case x.numbered && f.Status == http.StatusBadRequest:
		f.Err = notFound(x.op, x.typ)
	}
	f.Err = f.Err.Because(errJunoEnvelope)
	return f
}

// junoBusy is Juno's rate limit, which stands before all that is done.
func junoBusy(op, typ string, status int, wait time.Duration) *wire.Fault {
	e := fhir.E(op, fhir.KindUnavailable, "emr-busy", "The EMR asks for fewer requests. Try again later.")
	e.Ref.Type, e.RetryAfter = typ, wait
	return &wire.Fault{Err: e, Again: true, Status: status}
}

// junoLimit is how long the rate limit holds, where an envelope speaks of it. Juno counts in milliseconds; a period of less
// than a thousand can only be seconds.
func junoLimit(envelope fhir.Value) (wait time.Duration, limited bool) {
	for _, data := range []fhir.Value{envelope.Get("error").Get("data"), envelope.Get("error")} {
		if data.Get("timeToReset").Kind() != fhir.Number {
			continue
		}
		left, unit := integer(data.Get("timeToReset")), time.Second
		if max(left, integer(data.Get("resetPeriod"))) >= 1000 {
			unit = time.Millisecond
		}
		wait = time.Duration(min(max(left, 0), 3_600_000)) * unit
		return min(wait.Round(time.Second), time.Hour), true
	}
	return 0, false
}
