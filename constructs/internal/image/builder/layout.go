package builder

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/remote"

	"github.com/aegis-agents/aegis/constructs/internal/image/job"
	"github.com/aegis-agents/aegis/constructs/internal/image/layout"
)

// layoutBuilder pushes an image that was made at synth. It needs no Docker.
type layoutBuilder struct {
	program *program
	layout  job.Layout
}

// open opens the image's file and checks that it is the image of the job.
func (b *layoutBuilder) open() (*layout.File, error) {
	f, err := layout.Open(b.layout.Path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, &failure{
			reason: "the image file " + b.layout.Path + " does not exist",
			remedy: "run synth again on this machine, or bring the folder that synth wrote here as a whole",
		}
	}
	if err != nil {
		return nil, &failure{reason: err.Error(), remedy: "run synth again"}
	}
	digest, err := f.Digest()
	if err == nil && digest.String() != b.layout.Digest {
		err = &failure{
			reason: fmt.Sprintf("the image file %s holds %s, planned was %s", b.layout.Path, digest, b.layout.Digest),
			remedy: "run synth again, then plan and apply",
		}
	}
	if err != nil {
		f.Close()
		return nil, err
	}
	return f, nil
}

// Check reads the image's manifest.
func (b *layoutBuilder) Check(context.Context) (string, error) {
	f, err := b.open()
	if err != nil {
		return "", err
	}
	defer f.Close()
	m, err := f.Manifest()
	if err != nil {
		return "", err
	}
	total := m.Config.Size
	for _, l := range m.Layers {
		total += l.Size
	}
	text := fmt.Sprintf("content: %d layers, %s, made at synth", len(m.Layers), bytesText(total))
	if b.layout.Platform != "" {
		text += " for " + b.layout.Platform
	}
	return text, nil
}

// Compare compares digests: the image's is known.
func (b *layoutBuilder) Compare(found *remote.Descriptor) (likeness, error) {
	if found.Digest.String() == b.layout.Digest {
		return same, nil
	}
	return different, nil
}

// Push sends the layers that the registry does not have, then the manifest.
func (b *layoutBuilder) Push(ctx context.Context, to *registry, tag string) error {
	f, err := b.open()
	if err != nil {
		return err
	}
	defer f.Close()
	updates := make(chan v1.Update, 16)
	shown := make(chan struct{})
	go func() {
		defer close(shown)
		b.show(updates)
	}()
	err = remote.Write(to.repository.Tag(tag), f, append(to.with(ctx), remote.WithProgress(updates))...)
	<-shown
	if err != nil {
		return to.explain("push "+tag, err)
	}
	return nil
}

// showEvery keeps the lines of a push few: Terraform prints each of them.
const showEvery = 2 * time.Second

// show writes how far a push is, until the channel is closed.
func (b *layoutBuilder) show(updates <-chan v1.Update) {
	b.program.say("push: %s", b.layout.Digest)
	last := time.Now()
	for u := range updates {
		if u.Error == nil && u.Total > 0 && u.Complete < u.Total && time.Since(last) > showEvery {
			last = time.Now()
			b.program.say("push: %s of %s", bytesText(u.Complete), bytesText(u.Total))
		}
	}
}
