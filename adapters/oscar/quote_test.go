package oscar_test

import "encoding/json"

func fhirQuote(s string) []byte {
	b, err := json.Marshal(s)
	if err != nil {
		return []byte(`""`)
	}
	return b
}
