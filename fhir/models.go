package fhir

import (
	"reflect"
	"slices"
	"strings"

	models "github.com/samply/golang-fhir-models/fhir-models/fhir"
)

// modelOf is samply's struct for a supported type: the list of its elements.
func modelOf(typ string) reflect.Type {
	switch typ {
	case "Appointment":
		return reflect.TypeFor[models.Appointment]()
	case "Task":
		return reflect.TypeFor[models.Task]()
	case "DocumentReference":
		return reflect.TypeFor[models.DocumentReference]()
	}
	return nil
}

// lookUpElement reports whether type typ has an element at the dotted path, by the R4 definitions that samply's structs
// were generated from; if not, near lists what stands at the level where the path went wrong.
func lookUpElement(typ, path string) (known bool, near []string) {
	t := modelOf(typ)
	if t == nil {
		return false, nil
	}
	for name := range strings.SplitSeq(path, ".") {
		for t.Kind() == reflect.Pointer || t.Kind() == reflect.Slice {
			t = t.Elem()
		}
		if t.Kind() != reflect.Struct {
			return false, nil
		}
		f, ok := fieldNamed(t, name)
		if !ok {
			return false, fieldNames(t)
		}
		t = f.Type
	}
	return true, nil
}

// ElementNames are the top-level elements of a supported type, sorted, without id and meta; nil for any other type.
func ElementNames(typ string) []string {
	t := modelOf(typ)
	if t == nil {
		return nil
	}
	return fieldNames(t)
}

func fieldNamed(t reflect.Type, name string) (reflect.StructField, bool) {
	for f := range fields(t) {
		if jsonName(f) == name {
			return f, true
		}
	}
	return reflect.StructField{}, false
}

func fieldNames(t reflect.Type) []string {
	var out []string
	for f := range fields(t) {
		if name := jsonName(f); name != "" && name != "id" && name != "meta" {
			out = append(out, name)
		}
	}
	slices.Sort(out)
	return out
}

func fields(t reflect.Type) func(func(reflect.StructField) bool) {
	return func(yield func(reflect.StructField) bool) {
		for i := range t.NumField() {
			if !yield(t.Field(i)) {
				return
			}
		}
	}
}

func jsonName(f reflect.StructField) string {
	name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
	return name
}
