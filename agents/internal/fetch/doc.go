// Package fetch reads public web pages for a model that chose their addresses:
// from strangers, at the wish of a stranger.
//
// What is not public is refused on the address that is dialed, after the name was
// resolved: redirects, and names that resolve to something else the second time,
// are refused alike. Size, time, redirects and content types are capped.
//
// What must not live here: what a page is for, and services that have no page.
package fetch
