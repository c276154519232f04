// Package patient is the report of who looked at one patient's record, for the patient: with names, in plain words, with nothing
// of another patient in it, and with a bundle of proofs.
//
// # What belongs to it
//
// The index finds what was shown or written of the patient. A refused or fruitless request leaves no patient behind, only what it
// named; so the whole period is read as well, for requests that name the patient ("Patient/123" in the address, patient=123 in a
// search), or a resource that is known to be this patient's from what was shown of it alone, at any time. A refusal that stands in the trail as a
// number says nobody's name; how many there were is told. Looks into the trail that ask for the
// patient belong to it too, told apart. An intent shows only as long as nothing settles it.
//
// # What does not
//
// A search that showed several patients is one record. Of it, only this patient's items are told. Whether something was withheld
// is told where the search named this patient and nobody else; otherwise it might be another's.
//
// # Proofs
//
// A record that names nobody else and nothing of anybody else goes into the bundle as a tlog-proof with the record inside. Of any
// other record the bundle has the tlog-proof without the record: it fixes the record, so that whoever the clinic shows it to can
// check that it is the one, and it tells nothing. Alone is deliberately strict: what it does not understand, it takes for another's.
package patient
