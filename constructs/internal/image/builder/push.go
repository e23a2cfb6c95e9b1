package builder

import (
	"context"
	"fmt"
	"strings"

	"github.com/google/go-containerregistry/pkg/v1/remote"

	"github.com/aegis-agents/aegis/constructs/internal/image/job"
)

// Builder makes an image and sends it to a registry.
type Builder interface {
	// Check looks at what the image is made of and says what it found.
	Check(ctx context.Context) (string, error)
	// Compare says whether an image in a registry is the one that Push would send.
	Compare(found *remote.Descriptor) (likeness, error)
	// Push makes the image and sends it to the registry under a tag.
	Push(ctx context.Context, to *registry, tag string) error
}

// likeness is what is known about an image in a registry.
type likeness int

const (
	absent    likeness = iota
	same               // it holds what the job asks for
	different          // it holds something else
	unknown            // it does not say what it holds
)

// builder returns the builder for a job.
func (p *program) builder(r job.Request) Builder {
	if r.Docker != nil {
		return &dockerBuilder{program: p, docker: *r.Docker, hash: r.Hash}
	}
	return &layoutBuilder{program: p, layout: *r.Layout}
}

// push brings the image into the registry.
func (p *program) push(ctx context.Context, r job.Request) error {
	p.say("image %s:%s", r.Repository, r.Tag)
	b := p.builder(r)
	text, err := b.Check(ctx)
	if err != nil {
		return err
	}
	p.say("%s", text)
	reg, err := p.connect(ctx, r.Repository, r.Region)
	if err != nil {
		return err
	}
	found, err := reg.get(ctx, r.Tag)
	if err != nil {
		return err
	}
	is := absent
	if found != nil {
		if is, err = b.Compare(found); err != nil {
			return reg.explain("read "+r.Tag, err)
		}
	}
	build, why, err := decide(r.Job, is)
	if err != nil {
		return err
	}
	p.say("registry: %s", why)
	if build {
		if err := b.Push(ctx, reg, r.Tag); err != nil {
			return err
		}
		// What counts is what the registry has now, not what a program printed.
		if found, err = reg.get(ctx, r.Tag); err != nil {
			return err
		}
		if found == nil {
			return fmt.Errorf("the push has succeeded, but the registry has no tag %s", r.Tag)
		}
	}
	if err := p.tag(ctx, reg, found, r); err != nil {
		return err
	}
	p.say("digest: %s", found.Digest)
	if text := sizeText(found); text != "" {
		p.say("size: %s", text)
	}
	return nil
}

// decide says whether to build, and why.
func decide(j job.Job, is likeness) (build bool, why string, err error) {
	switch {
	case is == absent:
		return true, "no tag " + j.Tag + " yet", nil
	case j.Force && !j.Immutable:
		return true, "has the tag, building again as asked for", nil
	case is == same, j.ContentTag():
		why = "has this image, nothing to build"
		if j.Force {
			why += " (a new build was asked for, but the repository's tags are immutable)"
		}
		return false, why, nil
	case !j.Immutable && is == different:
		return true, "tag " + j.Tag + " is another image", nil
	case !j.Immutable:
		return true, "tag " + j.Tag + " does not say what it holds", nil
	case is == different:
		return false, "", &failure{
			reason: "the tag " + j.Tag + " is another image already, and the repository's tags are immutable",
			remedy: "choose another ImageTag, or none: the default tag follows from the content",
		}
	}
	return false, "tag " + j.Tag + " is there and cannot be replaced, nothing to build", nil
}

// tag gives the additional tags to the image. An image that has them all is left
// alone.
func (p *program) tag(ctx context.Context, reg *registry, found *remote.Descriptor, r job.Request) error {
	var done []string
	for _, tag := range r.AdditionalTags {
		has, err := reg.digest(ctx, tag)
		if err != nil {
			return err
		}
		if has == found.Digest.String() {
			continue
		}
		if err := reg.tag(ctx, tag, found); err != nil {
			return err
		}
		done = append(done, tag)
	}
	if len(done) > 0 {
		p.say("tagged: %s", strings.Join(done, ", "))
	}
	return nil
}
