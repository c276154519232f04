package main

import (
	"cmp"
	"math"
	"slices"
	"time"
)

// sample is one cell, measured once.
type sample struct {
	requests int
	errors   int
	elapsed  time.Duration
	p50, p99 time.Duration
	cpu      time.Duration // of the proxying process, for one request; 0 where there is none
	bytes    float64       // of a body, mean
}

func (s sample) rate() float64 {
	if s.elapsed <= 0 {
		return 0
	}
	return float64(s.requests) / s.elapsed.Seconds()
}

// figures are a cell over all rounds.
type figures struct {
	rate     float64       // median
	p50, p99 time.Duration // medians
	cpu      time.Duration // minimum
	bytes    float64
	requests int // sum
	errors   int // sum
}

func summarize(rounds []sample) figures {
	if len(rounds) == 0 {
		return figures{}
	}
	f := figures{
		rate: medianOf(rounds, sample.rate),
		p50:  medianOf(rounds, func(s sample) time.Duration { return s.p50 }),
		p99:  medianOf(rounds, func(s sample) time.Duration { return s.p99 }),
		cpu:  rounds[0].cpu, bytes: rounds[0].bytes,
	}
	for _, s := range rounds {
		f.cpu = min(f.cpu, s.cpu)
		f.requests += s.requests
		f.errors += s.errors
	}
	return f
}

// number is what a median can be taken of.
type number interface {
	~int64 | ~float64
}

func medianOf[T any, N number](list []T, value func(T) N) N {
	values := make([]N, len(list))
	for i, v := range list {
		values[i] = value(v)
	}
	return median(values)
}

// median is the middle value, the mean of both middle ones for an even number; 0 for none.
func median[N number](values []N) N {
	if len(values) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(values))
	mid := len(sorted) / 2
	if len(sorted)%2 == 1 {
		return sorted[mid]
	}
	return (sorted[mid-1] + sorted[mid]) / 2
}

// percentile is the smallest value that at least the share p (0 to 1) of all values do not exceed (nearest rank). The
// values have to be sorted; 0 for none.
func percentile[N cmp.Ordered](sorted []N, p float64) N {
	var none N
	if len(sorted) == 0 {
		return none
	}
	rank := int(math.Ceil(p * float64(len(sorted))))
	return sorted[min(max(rank, 1), len(sorted))-1]
}
