package policy_test

import (
	"slices"

	"vestibule/fhir"
	"vestibule/policy"
)

func (c *comparison) create(caller policy.Caller) {
	d, e, _, ok := c.decide(caller, 'c', "POST", "/"+c.typ, "")
	if !ok {
		return
	}
	may := []string{}
	for _, h := range e.heldFor('c') {
		may = append(may, h.write...)
	}
	for range 3 {
		c.seen["comparisons"]++
		proposed := c.proposal("", nil, may)
		accepted, reasons := d.Accept(fhir.Resource{}, proposed.resource)
		want, changed := e.create(proposed.node)
		c.written("create", e, doc{}, proposed, accepted, reasons, want, changed)
		if want != nil {
			c.seen["created"]++
			want["id"] = `"made"`
			c.release("the answer to a create", d, e, docOf(encode(want)))
		}
	}
}

func (c *comparison) update(caller policy.Caller, before doc) {
	id := before.resource.ID()
	d, e, _, ok := c.decide(caller, 'u', "PUT", "/"+c.typ+"/"+id, "")
	if !ok {
		return
	}
	may := []string{}
	for _, h := range e.heldFor('u') {
		may = append(may, h.write...)
	}
	shown, _ := cut(before.node, e.shown(before.node), nil)
	for _, from := range []map[string]map[string]node{{"shown": shown}, {"shown": shown}, {"before": before.node}, {"nothing": nil}} {
		for _, start := range from {
			c.seen["comparisons"]++
			proposed := c.proposal(id, start, may)
			accepted, reasons := d.Accept(before.resource, proposed.resource)
			want, changed := e.update(before.node, proposed.node)
			c.written("update", e, before, proposed, accepted, reasons, want, changed)
			if want != nil {
				c.release("the answer to an update", d, e, docOf(encode(want)))
			}
			if len(changed) > 0 {
				c.seen["written"]++
			}
		}
	}
	c.release("the answer to an update", d, e, before)
}

func (c *comparison) written(what string, e evaluation, before, proposed doc, accepted policy.Accepted, reasons []policy.Reason, want map[string]node, changed []string) {
	if want == nil {
		c.seen["write refused"]++
	}
	if accepted.IsZero() != (want == nil) {
		c.differ("%s by %+v\nof %s\nto %s\naccepted: %v, by the reference %s (%v)", what, e.caller, before.resource.Bytes(), proposed.resource.Bytes(), !accepted.IsZero(), encode(want), reasons)
		return
	}
	if want == nil {
		return
	}
	got := decode(accepted.Resource().Bytes())
	if encode(got) != encode(want) || !slices.Equal(accepted.Changed(), changed) {
		c.differ("%s by %+v\nof %s\nto %s\nmakes %s (%v)\nby the reference %s (%v)", what, e.caller, before.resource.Bytes(), proposed.resource.Bytes(), encode(got),
			accepted.Changed(), encode(want), changed)
	}
}

// proposal is a body: start (nil: nothing) with a few members drawn again, mostly among those that may be written.
func (c *comparison) proposal(id string, start map[string]node, may []string) doc {
	out := map[string]node{"resourceType": `"` + c.typ + `"`}
	for name, v := range start {
		out[name] = v
	}
	other := decode([]byte(c.document("x"))).(map[string]node)
	for _, name := range []string{"resourceType", "id", "meta"} {
		delete(other, name)
	}
	for range 1 + c.rnd.IntN(3) {
		name := ""
		if len(may) > 0 {
			name = c.pick(may...)
		}
		if c.oneIn(6) {
			for name = range other { // any
				break
			}
		}
		if delete(out, name); other[name] != nil {
			out[name] = other[name]
		}
	}
	if delete(out, "id"); id != "" {
		out["id"] = `"` + id + `"`
	}
	return docOf(encode(out))
}
