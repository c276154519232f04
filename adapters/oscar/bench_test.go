package oscar

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
)

// sheetOf200 is what appointmentHistory returns for 200 rows.
func sheetOf200() []byte {
	var b strings.Builder
	b.WriteString(`{"appointment":null,"statuses":null,"types":null,"reasons":null,"appointments":[`)
	for i := range 200 {
		if i > 0 {
			b.WriteByte(',')
		}
		fmt.Fprintf(&b, `{"id":%d,"providerNo":"101","appointmentDate":1797224400000,"startTime":"%02d:%02d:00","endTime":"%02d:%02d:00","name":"GAGNON, LUC","demographicNo":77,"programId":0,"notes":"Amène sa liste","reason":"Suivi","location":"Salle 2","resources":"","type":"Visit","style":null,"billing":null,"status":"t","importedStatus":null,"createDateTime":1796900000000,"updateDateTime":1796900100000,"creator":"Roy, Zoé","lastUpdateUser":"101","remarks":null,"urgency":"","creatorSecurityId":null,"bookingSource":null,"reasonCode":17,"demographic":null,"provider":null,"billingDetail":null}`,
			5000+i, 8+i/60, i%60, 8+i/60, i%60)
	}
	b.WriteString("]}")
	return []byte(b.String())
}

// BenchmarkSheet is a day of 200 appointments, from OSCAR's bytes to FHIR's.
func BenchmarkSheet(b *testing.B) {
	in := sheetOf200()
	a := translator(b, nil)
	b.Run("translate", func(b *testing.B) {
		b.SetBytes(int64(len(in)))
		b.ReportAllocs()
		for b.Loop() {
			v, err := a.parse(opSearch, typAppointment, in)
			if err != nil {
				b.Fatal(err)
			}
			n := 0
			for m := range v.Get("appointments").Items() {
				if _, err := a.appointmentResource(opSearch, a.fullRow(m)); err != nil {
					b.Fatal(err)
				}
				n++
			}
			if n != 200 {
				b.Fatal(n)
			}
		}
	})
	b.Run("json.Valid", func(b *testing.B) {
		b.SetBytes(int64(len(in)))
		for b.Loop() {
			if !json.Valid(in) {
				b.Fatal("not valid")
			}
		}
	})
}
