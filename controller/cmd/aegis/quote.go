package main

import "strings"

// plain are the characters, letters and digits apart, that mean only themselves
// in a shell wherever they are.
const plain = "/._-+:@%,"

// shellQuote makes a text one word for a POSIX shell, with quotes only where they
// are needed.
func shellQuote(text string) string {
	special := func(r rune) bool {
		letter := 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9'
		return !letter && !strings.ContainsRune(plain, r)
	}
	if text != "" && !strings.ContainsFunc(text, special) {
		return text
	}
	return "'" + strings.ReplaceAll(text, "'", `'\''`) + "'"
}
