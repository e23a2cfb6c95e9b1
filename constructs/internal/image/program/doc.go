//go:build !aegis_image_program

// Package program holds the main function of the program that pushes images at
// apply, behind a build tag. It is imported for nothing but this: go mod vendor
// copies the packages that are imported, and heeds the imports of files with any
// tag. So a module that vendors this library has the program's sources and all
// its dependencies, while nothing of them is linked into the program that
// synthesizes.
//
// What must not live here: anything else. The program itself is in builder.
package program
