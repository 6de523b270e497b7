// Package abm simulates who arrives where and when after people are displaced:
// agents on a graph of places, by the rules of Flee 3 (BSD-3, Brunel
// University), read from Flee's own case folders.
//
// A Case is data; Run plays it once for a seed and is pure: the same case,
// options and seed give the same Result on any number of cores and on any
// machine. Two cores carry one meaning: cohorts of exchangeable people moved by
// exact binomial and multinomial draws, and single people.
//
// The rules, and where this package departs from Flee, are in
// docs/desks/displacement-abm.md.
package abm
