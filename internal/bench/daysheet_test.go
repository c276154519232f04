package main

import (
	"testing"
	"time"
)

func TestTheDaySheetOfTheBenchComesOutWhole(t *testing.T) {
	d, err := newDaySheet(time.Date(2026, 11, 23, 15, 0, 0, 0, time.UTC))
	if err != nil {
		t.Fatal(err)
	}
	defer d.adapter.Close()
	first, n, err := d.page(t.Context(), nil)
	if err != nil || n != sheetRows {
		t.Fatal(n, err)
	}
	d.emr.canned = true
	again, n, err := d.page(t.Context(), nil)
	if err != nil || n != sheetRows || string(first) != string(again) {
		t.Fatal(n, err)
	}
}
