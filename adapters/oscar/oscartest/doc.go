// Package oscartest is a stand-in OSCAR server for tests and the demonstration. It is written from descriptions of the real
// ones, not from our adapter, so that the two check each other.
package oscartest
