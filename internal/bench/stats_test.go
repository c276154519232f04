package main

import (
	"testing"
	"time"
)

func TestPercentileIsTheNearestRank(t *testing.T) {
	hundred := make([]int, 100)
	for i := range hundred {
		hundred[i] = i + 1
	}
	tests := []struct {
		name   string
		sorted []int
		p      float64
		want   int
	}{
		{"none", nil, 0.5, 0},
		{"one", []int{7}, 0.99, 7},
		{"half of an even number", []int{1, 2, 3, 4}, 0.5, 2},
		{"half of an odd number", []int{1, 2, 3}, 0.5, 2},
		{"p99 of a hundred", hundred, 0.99, 99},
		{"p99 of ten is the greatest", hundred[:10], 0.99, 10},
		{"all", hundred, 1, 100},
		{"nothing", hundred, 0, 1},
	}
	for _, test := range tests {
		if got := percentile(test.sorted, test.p); got != test.want {
			t.Errorf("%s: %d, want %d", test.name, got, test.want)
		}
	}
}

func TestMedianDoesNotFollowOutliers(t *testing.T) {
	tests := []struct {
		values []float64
		want   float64
	}{
		{nil, 0},
		{[]float64{3}, 3},
		{[]float64{9, 1, 2}, 2},
		{[]float64{4, 1000, 2, 1}, 3},
	}
	for _, test := range tests {
		if got := median(test.values); got != test.want {
			t.Errorf("median of %v is %v, want %v", test.values, got, test.want)
		}
	}
}

func TestRoundsGiveMedianTimesAndTheLeastCPU(t *testing.T) {
	got := summarize([]sample{
		{requests: 300, elapsed: time.Second, p50: 3, p99: 30, cpu: 7, bytes: 10},
		{requests: 100, elapsed: time.Second, p50: 1, p99: 10, cpu: 9, bytes: 10},
		{requests: 200, elapsed: time.Second, p50: 2, p99: 90, cpu: 5, bytes: 10},
	})
	want := figures{rate: 200, p50: 2, p99: 30, cpu: 5, bytes: 10, requests: 600}
	if got != want {
		t.Errorf("%+v, want %+v", got, want)
	}
}
