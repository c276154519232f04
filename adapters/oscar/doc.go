// Package oscar is the adapter for the OSCAR family.
package oscar
