package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"slices"
	"strings"
)

// grantedElements are what the grant shows of an appointment, as the grant writes them. Of participants it shows who and
// whether they come.
const grantedElements = "status, serviceType, appointmentType, start, end, minutesDuration, participant.actor, participant.status"

// answer is a whole answer, for the checks; the load generator does not keep that much.
type answer struct {
	status int
	header http.Header
	body   []byte
}

func get(ctx context.Context, addr, path, token string) (answer, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+addr+basePath+path, nil)
	if err != nil {
		return answer{}, err
	}
	req.Header.Set("Authorization", "Bearer "+token)
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return answer{}, err
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	return answer{res.StatusCode, res.Header, body}, err
}

// checkAnswers makes sure, before anything is measured, that all targets answer rightly: the proxies exactly what the EMR
// does, the gateway exactly what the grant shows of it.
func (b *bench) checkAnswers(ctx context.Context) error {
	for _, s := range scenarios() {
		path := s.paths(b.now)[0]
		direct, err := b.ask(ctx, b.targets[0], path)
		if err != nil {
			return err
		}
		for _, t := range b.targets[1:] {
			got, err := b.ask(ctx, t, path)
			if err == nil && t.name == "gateway" {
				err = checkGateway(s, direct, got)
			} else if err == nil && !bytes.Equal(got.body, direct.body) {
				err = errors.New("the answer is not the EMR's")
			}
			if err != nil {
				return fmt.Errorf("%s, %s: %w", s.name, t.name, err)
			}
		}
	}
	return b.checkRefusals(ctx)
}

func (b *bench) ask(ctx context.Context, t *target, path string) (answer, error) {
	a, err := get(ctx, t.addr, path, b.tokens[0])
	if err != nil {
		return a, err
	}
	t.answered++
	if a.status != http.StatusOK {
		return a, fmt.Errorf("%s answers %d: %s", t.name, a.status, firstBytes(a.body))
	}
	return a, nil
}

// checkRefusals makes sure that the gateway is not open to everything that was measured as fast.
func (b *bench) checkRefusals(ctx context.Context) error {
	t := b.target("gateway")
	if t == nil {
		return nil
	}
	for _, ask := range []struct {
		what, path, token string
		status            int
	}{
		{"another practitioner's appointment", "/Appointment/" + appointmentID(3), b.tokens[0], http.StatusNotFound},
		{"a restricted appointment", "/Appointment/" + appointmentID(7), b.tokens[0], http.StatusNotFound},
		{"a forged token", "/Appointment/" + appointmentID(0), b.tokens[0][:len(b.tokens[0])-8] + "AAAAAAAA", http.StatusUnauthorized},
	} {
		a, err := get(ctx, t.addr, ask.path, ask.token)
		if err != nil {
			return err
		}
		if err := checkReceipt(a); a.status != ask.status || err != nil {
			return fmt.Errorf("gateway: %s: status %d, want %d, with a record of it (%v): %s", ask.what, a.status, ask.status, err, firstBytes(a.body))
		}
		t.answered++
	}
	return nil
}

func checkReceipt(a answer) error {
	if r := a.header.Get("Audit-Receipt"); !regexp.MustCompile(`^\S+/[0-9]+$`).MatchString(r) {
		return fmt.Errorf("Audit-Receipt is %q", r)
	}
	return nil
}

// checkGateway compares the gateway's answer with the EMR's.
func checkGateway(s scenario, emr, got answer) error {
	if err := checkReceipt(got); err != nil {
		return err
	}
	if s.entries == 0 {
		return checkCut(emr.body, got.body)
	}
	want, err := entriesOf(emr.body)
	if err != nil {
		return err
	}
	have, err := entriesOf(got.body)
	if err != nil {
		return err
	}
	return checkEntries(want, have)
}

// checkEntries wants of the EMR's entries exactly those in reach, in their order, each cut.
func checkEntries(emr, got []json.RawMessage) error {
	at := 0
	for i, original := range emr {
		if !inReach(i) {
			continue
		}
		if at == len(got) {
			return fmt.Errorf("%d entries, and entry %d of the EMR is not among them", len(got), i)
		}
		if err := checkCut(original, got[at]); err != nil {
			return fmt.Errorf("entry %d: %w", at, err)
		}
		at++
	}
	if at != len(got) {
		return fmt.Errorf("%d entries, want %d", len(got), at)
	}
	return nil
}

func entriesOf(bundle []byte) ([]json.RawMessage, error) {
	var b struct {
		Entry []struct {
			Resource json.RawMessage `json:"resource"`
		} `json:"entry"`
	}
	if err := json.Unmarshal(bundle, &b); err != nil {
		return nil, err
	}
	out := make([]json.RawMessage, len(b.Entry))
	for i, e := range b.Entry {
		out[i] = e.Resource
	}
	return out, nil
}

// checkCut wants of the original exactly the granted elements, byte for byte, and the technical part of meta with a mark.
func checkCut(original, got []byte) error {
	var from, to map[string]json.RawMessage
	if err := errors.Join(json.Unmarshal(original, &from), json.Unmarshal(got, &to)); err != nil {
		return err
	}
	whole := map[string]bool{"resourceType": true, "id": true}
	parts := map[string][]string{}
	for path := range strings.SplitSeq(grantedElements, ", ") {
		name, rest, deep := strings.Cut(path, ".")
		if whole[name] = !deep; deep {
			parts[name] = append(parts[name], rest)
		}
	}
	if !bytes.Contains(to["meta"], []byte(`"SUBSETTED"`)) || bytes.Contains(to["meta"], []byte(`"source"`)) {
		return fmt.Errorf("meta is %s", to["meta"])
	}
	delete(from, "meta")
	delete(to, "meta")
	for name, value := range from {
		if err := checkMember(value, to[name], whole[name], parts[name]); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		delete(to, name)
	}
	for name := range to {
		return fmt.Errorf("%s: the EMR sent no such element", name)
	}
	return nil
}

func checkMember(from, to json.RawMessage, whole bool, parts []string) error {
	switch {
	case whole && !bytes.Equal(from, to):
		return fmt.Errorf("%s, want %s", to, from)
	case whole:
		return nil
	case parts == nil && to != nil:
		return errors.New("is not granted and was not cut")
	case parts == nil:
		return nil
	}
	var items, cut []map[string]json.RawMessage
	if err := errors.Join(json.Unmarshal(from, &items), json.Unmarshal(to, &cut)); err != nil {
		return err
	}
	if len(items) != len(cut) {
		return fmt.Errorf("%d items, want %d", len(cut), len(items))
	}
	for i, item := range items {
		for name, value := range item {
			if err := checkMember(value, cut[i][name], slices.Contains(parts, name), nil); err != nil {
				return fmt.Errorf("%s: %w", name, err)
			}
		}
	}
	return nil
}

func firstBytes(b []byte) []byte { return b[:min(len(b), 400)] }
