package image

import (
	"github.com/aegis-agents/aegis/constructs/internal/image/content"
	"github.com/aegis-agents/aegis/constructs/internal/image/job"
)

type (
	// Docker is an image that is built from a Dockerfile, at apply.
	Docker = content.Docker
	// Secret is a value that a Docker build can read and that is in no layer.
	Secret = content.Secret
	// Inspection is what is known about a Docker build before it runs.
	Inspection = content.Inspection
	// Job is what the builder program is told. Its Encode is the value of EnvJob.
	Job = job.Job
	// Layout names the finished image of a Job.
	Layout = job.Layout
)

// Environment variables of the builder program, and its one argument: see package job.
const (
	EnvJob        = job.EnvJob
	EnvRepository = job.EnvRepository
	EnvRegion     = job.EnvRegion
	EnvContext    = job.EnvContext
	EnvLayout     = job.EnvLayout
	Command       = job.Command
)

// ContentTagLength is how many digits of a hash a content tag has.
const ContentTagLength = job.ContentTagLength
