// Package adaptertest is the contract of package adapters as a test suite, one for every EMR. A new adapter passes it, and its
// author writes no more than a World: how to start a stand-in for the EMR, how to open the adapter, how to put rows into the
// EMR behind the adapter's back.
//
//	func TestTheAdapterKeepsTheContract(t *testing.T) {
//		adaptertest.Run(t, func(t testing.TB, zone *time.Location) *adaptertest.World { … })
//	}
//
// # How it asks
//
// Between adapter and EMR stands the suite's own HTTP proxy, which loses, breaks, delays and forges answers. What an adapter
// finds is compared with a full scan: every row that the EMR holds (Holding.IDs), read one by one and matched by package
// fhir's own matcher. Whatever an adapter returns is looked at on its way, whichever promise is being tried: every error is a
// plain *fhir.Error, every resource of the type and id asked for, and no canary (a word planted in patients' names, in
// texts and in the EMR's errors) is in any error or log line.
//
// # What is skipped
//
// A promise about something that the capability table does not offer is skipped, and the report at the end says so by name
// and reason. Nothing else can be skipped: a test that skips itself fails. What the table does offer must be tried: a
// parameter that no row has a value for fails the suite until the World seeds one (Holding.More).
//
// # What it cannot see
//
// Whether a translation is right. Golden files say that: see Golden, and Accounted, which finds fields of an EMR's payload
// that are neither used nor reported as lost.
package adaptertest
