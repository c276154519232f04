package demo

import (
	"crypto/sha1" // what FHIR's Attachment.hash is by definition
	"fmt"
)

// paper is one sort of document.
type paper struct {
	category, code, english, french string
	restricted                      bool
}

// papers repeats in this order: every fourth document is a referral the assistant may see, every eighth one that is
// restricted.
func papers() []paper {
	return []paper{
		{category: "referral", code: "57133-1", english: "Referral to dermatology", french: "Référence en dermatologie"},
		{category: "lab", code: "11502-2", english: "Laboratory report", french: "Rapport de laboratoire"},
		{category: "consult", code: "11488-4", english: "Consult note, cardiology", french: "Note de consultation, cardiologie"},
		{category: "consult", code: "34117-2", english: "Visit summary", french: "Résumé de visite"},
		{category: "referral", code: "57133-1", english: "Referral to physiotherapy", french: "Référence en physiothérapie"},
		{category: "lab", code: "11502-2", english: "Laboratory report", french: "Rapport de laboratoire"},
		{category: "consult", code: "28635-1", english: "Psychotherapy note", french: "Note de psychothérapie", restricted: true},
		{category: "referral", code: "57133-1", english: "Referral to psychotherapy", french: "Référence en psychothérapie", restricted: true},
	}
}

// restricted is the label R of http://terminology.hl7.org/CodeSystem/v3-Confidentiality.
func restricted() coding {
	return coding{System: "http://terminology.hl7.org/CodeSystem/v3-Confidentiality", Code: "R", Display: "restricted"}
}

func (w *world) document(i int) documentReference {
	p, who, author := papers()[i%len(papers())], pick(w, w.folk), pick(w, w.practitioners)
	written := w.at(-1-w.random.IntN(60), 8+w.random.IntN(9), w.random.IntN(60))
	id, title := fmt.Sprintf("doc-%d", 3001+i), w.words(p.english, p.french)
	d := documentReference{
		ResourceType: "DocumentReference", ID: id, Meta: w.meta(written),
		Identifier: []identifier{{System: w.system("document"), Value: fmt.Sprint(3001 + i)}},
		Status:     "current", DocStatus: "final",
		Type:     concept{Coding: []coding{{System: "http://loinc.org", Code: p.code}}, Text: title},
		Category: []concept{{Coding: []coding{{System: w.system("document-category"), Code: p.category}}}},
		Subject:  who.ref(), Date: written.UTC().Format(instantStamp),
		Author: []reference{author.ref()}, Custodian: reference{Reference: "Organization/" + w.name, Display: w.title},
		Description: title + " (" + who.Name[0].Text + ")",
		Content:     []content{{w.file(id, title, written.Format(secondStamp), i)}},
		Context:     docContext{Period: period{Start: written.Format(secondStamp)}},
	}
	if p.restricted {
		d.Meta.Security = []coding{restricted()}
		d.SecurityLabel = []concept{{Coding: []coding{restricted()}}}
	}
	return d
}

// file is a small text or PDF, inline, together with the EMR's own address of it: one that opens without a log-in.
func (w *world) file(id, title, created string, i int) attachment {
	data, kind, ending := []byte(title+"\nMade up for testing.\n"), "text/plain; charset=utf-8", "txt"
	if i%2 == 1 {
		data, kind, ending = pdf("Made up for testing: "+id), "application/pdf", "pdf"
	}
	sum := sha1.Sum(data)
	return attachment{
		ContentType: kind, Language: w.words("en-CA", "fr-CA"), Data: data,
		URL:  fmt.Sprintf("https://files.%s.example/store/%s.%s?Expires=%d&Signature=%x", w.name, id, ending, w.now.Unix()/86400*86400+604800, sum[:12]),
		Size: len(data), Hash: sum[:], Title: title, Creation: created,
	}
}

// Letter is a letter as a PDF, to be filed.
func Letter(line string) []byte { return pdf("Made up for testing: " + line) }

// pdf is the smallest file that viewers open: one page with one line of ASCII.
func pdf(line string) []byte {
	stream := "BT /F1 18 Tf 40 100 Td (" + line + ") Tj ET"
	objects := []string{
		"<</Type/Catalog/Pages 2 0 R>>", "<</Type/Pages/Kids[3 0 R]/Count 1>>",
		"<</Type/Page/Parent 2 0 R/MediaBox[0 0 500 200]/Contents 4 0 R/Resources<</Font<</F1 5 0 R>>>>>>",
		fmt.Sprintf("<</Length %d>>stream\n%s\nendstream", len(stream), stream), "<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>",
	}
	out, offsets := []byte("%PDF-1.4\n"), make([]int, len(objects))
	for i, o := range objects {
		offsets[i] = len(out)
		out = fmt.Appendf(out, "%d 0 obj%s endobj\n", i+1, o)
	}
	xref := len(out)
	out = fmt.Appendf(out, "xref\n0 %d\n0000000000 65535 f \n", len(objects)+1)
	for _, o := range offsets {
		out = fmt.Appendf(out, "%010d 00000 n \n", o)
	}
	return fmt.Appendf(out, "trailer<</Size %d/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF\n", len(objects)+1, xref)
}
