package job

import (
	"errors"
	"fmt"
)

// Environment variables of the builder program. A value in a variable of its own
// can be a Terraform expression.
const (
	// EnvJob is the JSON text of the job. Required.
	EnvJob = "AEGIS_IMAGE_JOB"
	// EnvRepository is the repository's URL without scheme and tag, such as
	// "123456789012.dkr.ecr.eu-central-1.amazonaws.com/agents/research". Required.
	EnvRepository = "AEGIS_IMAGE_REPOSITORY"
	// EnvRegion is the AWS region. Default: the one in an ECR repository's URL.
	EnvRegion = "AEGIS_IMAGE_REGION"
	// EnvContext is the directory that Docker builds from. Default: Docker.Context of
	// the job.
	EnvContext = "AEGIS_IMAGE_CONTEXT"
	// EnvLayout is the path of the image's tar file. Default: Layout.Path of the job.
	EnvLayout = "AEGIS_IMAGE_LAYOUT"
)

// Command is the one argument of the program.
const Command = "push"

// Request is a job with the values that were known at apply only.
type Request struct {
	Job

	Repository string
	Region     string
}

// FromEnv reads the request from the environment.
func FromEnv(getenv func(string) string) (Request, error) {
	text := getenv(EnvJob)
	if text == "" {
		return Request{}, fmt.Errorf("%s is not set: this program is run by terraform apply", EnvJob)
	}
	j, err := Decode(text)
	if err != nil {
		return Request{}, fmt.Errorf("%s: %w", EnvJob, err)
	}
	r := Request{Job: j, Repository: getenv(EnvRepository), Region: getenv(EnvRegion)}
	var errs []error
	if r.Repository == "" {
		errs = append(errs, fmt.Errorf("%s is not set: it is the URL of the repository", EnvRepository))
	}
	if dir := getenv(EnvContext); dir != "" && r.Docker != nil {
		r.Docker.Context = dir
	}
	if path := getenv(EnvLayout); path != "" && r.Layout != nil {
		r.Layout.Path = path
	}
	if r.Docker != nil && r.Docker.Context == "" {
		errs = append(errs, fmt.Errorf("%s is not set and the job names no directory to build from", EnvContext))
	}
	if r.Layout != nil && r.Layout.Path == "" {
		errs = append(errs, fmt.Errorf("%s is not set and the job names no image file", EnvLayout))
	}
	return r, errors.Join(errs...)
}
