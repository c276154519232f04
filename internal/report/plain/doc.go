// Package plain is what a record of the trail says in plain words, in both languages: who, what kind of information, what was
// done, why, how it ended. Codes that have no words here are shown as they are, never left out.
package plain
