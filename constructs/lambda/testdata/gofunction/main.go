// The smallest program that the tests compile for a function.
package main

func main() {}
