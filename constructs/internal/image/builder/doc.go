// Package builder is the program that terraform apply runs to push an image.
//
// It reads a job (package job), looks whether the registry has the image, and if
// not lets a [Builder] make and push it: Docker for a Dockerfile, the program
// itself for an image that was made at synth. It says what it does line by line,
// never deletes an image, and ends with the reason and the remedy when something
// fails.
//
// Values reach other programs as arguments, through the environment or on standard
// input. There is no shell.
//
// What must not live here: cdktf, jsii, and decisions that synth can make.
package builder
