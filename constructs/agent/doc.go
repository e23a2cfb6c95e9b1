// Package agent is a container image in Amazon ECR as one construct: repository,
// lifecycle and access, build and push, role and log group of what runs it.
//
//	a := agent.New(stack, "Coordinator", agent.Props{
//		Name:      "coordinator-agent",
//		Source:    agent.GoPackage{Path: "./agents/coordinator"},
//		Platforms: []agent.Platform{agent.LinuxARM64},
//	})
//	image := a.ImageDigestURI() // …/coordinator-agent@sha256:…
//
// The image's content is hashed at synth: source that did not change is a plan
// without changes, on any machine. The push happens at apply, by a program that
// this library carries; no image is ever deleted by it.
//
// Every mistake in the props is reported at synth under the agent's construct
// path, all of them in one run, as "Field: must …, got …". Values that only
// Terraform knows are passed through and never judged, but for what goes into
// the image, which has to be known at synth.
//
// Fields that the pinned AWS provider (5.99.1) does not have are not offered:
// exclusions from tag mutability, archiving lifecycle rules.
//
// What belongs here is one repository and its image. What runs the image (a
// Lambda function, an ECS task) is the stack's, and so is what there is once for
// a whole registry: replication, scanning rules, pull-through caches.
package agent
