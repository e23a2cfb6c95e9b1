// Package job is what the builder program is told: a JSON text in the environment
// variable AEGIS_IMAGE_JOB, fixed at synth, and beside it a variable for each
// value that only Terraform knows.
//
// It holds data and their checks. What must not live here: anything that acts on
// a job.
package job
