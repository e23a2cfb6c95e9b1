// Package image makes container images for agents: what a Docker build depends on
// as one hash ([Docker.Inspect]), an image of a Go program without Docker
// ([Go.Build]), and the program that pushes either at apply ([Program], [Job]).
//
// At synth nothing is sent anywhere. A Go image is finished at synth and its
// digest known; a Dockerfile is built when the job runs.
//
//	image      the API of the constructs
//	content    the hash of a Docker build
//	layout     an image in one tar file
//	job        what the program is told
//	builder    what the program does
//	program    its main function, behind a build tag
//
// What must not live here: cdktf, jsii or anything else about constructs, and the
// checks of names, tags and platforms, which the construct makes.
package image
