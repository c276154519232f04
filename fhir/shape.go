package fhir

import "reflect"

// Misshapen is where the named elements of r hold a list for what R4 has one of, or the other way round, or a bare value for
// what has members: the path of the first such place, "" where there is none. What R4 does not know is passed over. Of a list
// of owners we would look at any and an EMR at another one, so that a rule about the owner would hold for neither.
func (r Resource) Misshapen(names []string) string {
	t := modelOf(r.Type())
	if t == nil {
		return ""
	}
	for _, name := range names {
		if f, ok := fieldNamed(t, name); ok {
			if path := misshapen(f.Type, r.root.Get(name), name); path != "" {
				return path
			}
		}
	}
	return ""
}

func misshapen(t reflect.Type, v Value, path string) string {
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	list := t.Kind() == reflect.Slice && t.Elem().Kind() != reflect.Uint8
	switch {
	case !v.Exists() || v.Kind() == Null:
		return ""
	case list != (v.Kind() == Array):
		return path
	case list:
		for t = t.Elem(); t.Kind() == reflect.Pointer; t = t.Elem() {
		}
	}
	if t.Kind() == reflect.Slice || t.Kind() == reflect.Interface {
		return "" // any JSON
	}
	return misshapenItems(t, v, path)
}

// misshapenItems is misshapen for the single value v, or for each in the list v.
func misshapenItems(t reflect.Type, v Value, path string) string {
	for item := range v.Items() {
		if item.Kind() == Null {
			continue
		}
		if item.Kind() == Array || (t.Kind() == reflect.Struct) != (item.Kind() == Object) {
			return path
		}
		for name, m := range item.Members() {
			if f, ok := fieldNamed(t, name); ok {
				if at := misshapen(f.Type, m, path+"."+name); at != "" {
					return at
				}
			}
		}
	}
	return ""
}
