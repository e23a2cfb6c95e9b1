package agent

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/aegis-agents/aegis/constructs/internal/check"
)

func from(source Source) func(p *Props) { return func(p *Props) { p.Source = source } }

func TestValidateDockerfile(t *testing.T) {
	t.Parallel()
	const dir = "testdata/docker"
	runChanges(t, []change{
		{name: "none", change: from(Dockerfile{}), want: []string{`Source.ContextDir: must name the directory to build from, got ""`}},
		{
			name: "missing folder", change: from(Dockerfile{ContextDir: "testdata/missing"}),
			want: []string{`Source.ContextDir: must be a directory that exists, got "testdata/missing"`},
		},
		{
			name: "missing Dockerfile", change: from(Dockerfile{ContextDir: dir, Dockerfile: "Dockerfile.prod"}),
			want: []string{`Source.Dockerfile: must be a file that exists in testdata/docker, got "Dockerfile.prod"`},
		},
		{
			name: "Dockerfile outside", change: from(Dockerfile{ContextDir: "testdata/goagent", Dockerfile: "../docker/Dockerfile"}),
			want: []string{`Source.Dockerfile: must be inside ContextDir unless that is allowed, got "../docker/Dockerfile"`},
		},
		{name: "Dockerfile outside, allowed", change: from(Dockerfile{ContextDir: "testdata/goagent", Dockerfile: "../docker/Dockerfile", DockerfileOutside: true})},
		{name: "arguments", change: from(Dockerfile{ContextDir: dir, BuildArgs: map[string]string{"_A1": "", "b": "a b\n\"$(id)'%{x}"}})},
		{
			name: "tokens", change: from(Dockerfile{
				ContextDir: token, Dockerfile: token, BuildArgs: map[string]string{"A": token}, Target: token, Labels: map[string]string{"a": token},
				Secrets: []Secret{{ID: token, Env: token, File: token}}, CacheFrom: []string{token}, CacheTo: []string{token}, Binary: token,
			}),
			want: []string{
				"Source.ContextDir: must be known at synth, got a Terraform token",
				"Source.Dockerfile: must be known at synth, got a Terraform token",
				`Source.BuildArgs["A"]: must be known at synth, got a Terraform token`,
				"Source.Target: must be known at synth, got a Terraform token",
				`Source.Labels["a"]: must be known at synth, got a Terraform token`,
				"Source.Secrets[0].ID: must be known at synth, got a Terraform token",
				"Source.Secrets[0].Env: must be known at synth, got a Terraform token",
				"Source.Secrets[0].File: must be known at synth, got a Terraform token",
				"Source.CacheFrom[0]: must be known at synth, got a Terraform token",
				"Source.CacheTo[0]: must be known at synth, got a Terraform token",
				"Source.Binary: must be known at synth, got a Terraform token",
			},
		},
		{
			name: "names", change: from(Dockerfile{ContextDir: dir, BuildArgs: map[string]string{"": "x", "1A": "x", "A-B": "x"}, Labels: map[string]string{"": "x"}}),
			want: []string{
				`Source.BuildArgs[""]: must be set, got nothing`,
				`Source.BuildArgs["1A"]: must be letters, digits and _, not beginning with a digit, got "1A"`,
				`Source.BuildArgs["A-B"]: must be letters, digits and _, not beginning with a digit, got "A-B"`,
				`Source.Labels[""]: must have a name, got nothing`,
			},
		},
		{
			name: "secrets", change: from(Dockerfile{ContextDir: dir, Secrets: []Secret{{}, {ID: "a", Env: "A"}, {ID: "a", Env: "A", File: "a"}}}),
			want: []string{
				`Source.Secrets[0].ID: must be the id that the Dockerfile mounts, got ""`,
				"Source.Secrets[0]: must have one of Env and File, got neither",
				`Source.Secrets[2].ID: must be given once, got "a" again`,
				"Source.Secrets[2]: must have one of Env and File, got both",
			},
		},
		{
			name: "all at once", change: func(p *Props) {
				p.Name, p.ImageTag, p.Source = "Analyst", "latest", Dockerfile{ContextDir: dir, Dockerfile: "missing", BuildArgs: map[string]string{"A": token}}
			},
			want: []string{
				`Name: must be lower-case letters and digits, in parts joined by ".", "_", "__", hyphens or "/", got "Analyst"`,
				`ImageTag: must not be latest with ImageTagMutability IMMUTABLE: it could be pushed only once, got "latest"`,
				`Source.BuildArgs["A"]: must be known at synth, got a Terraform token`,
				`Source.Dockerfile: must be a file that exists in testdata/docker, got "missing"`,
			},
		},
	})
}

func TestValidateGoPackage(t *testing.T) {
	t.Parallel()
	runChanges(t, []change{
		{name: "none", change: from(GoPackage{}), want: []string{"Source.Path: must be set, got nothing"}},
		{
			name: "tokens", change: from(GoPackage{
				Path: token, Dir: token, BuildTags: []string{token}, LDFlags: token,
				Labels: map[string]string{"a": token}, Environment: map[string]string{"A": token},
			}),
			want: []string{
				"Source.Path: must be known at synth, got a Terraform token",
				"Source.Dir: must be known at synth, got a Terraform token",
				"Source.BuildTags[0]: must be known at synth, got a Terraform token",
				"Source.LDFlags: must be known at synth, got a Terraform token",
				`Source.Labels["a"]: must be known at synth, got a Terraform token`,
				`Source.Environment["A"]: must be known at synth, got a Terraform token`,
			},
		},
	})
}

// TestOutputOfSynth: what synth writes must not be part of what it hashes.
func TestOutputOfSynth(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	write := func(name, text string) {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	write("Dockerfile", "FROM scratch\n")
	write("cdktf.out/manifest.json", "{}")
	outdir := actual(filepath.Join(dir, "cdktf.out"))
	s := resolve(Props{Name: "a1"}, stackFolder{outdir: outdir, dir: filepath.Join(outdir, "stacks", "test")})
	prepare := func() []string {
		var p check.Problems
		Dockerfile{ContextDir: dir}.prepare(&p, s)
		return p.Strings()
	}
	want := []string{`Source.ContextDir: must not send the output of synth, which changes with every synth, got "cdktf.out/manifest.json": name its folder in .dockerignore`}
	if diff := cmp.Diff(want, prepare()); diff != "" {
		t.Errorf("mistakes (-want +got):\n%s", diff)
	}
	write(".dockerignore", "cdktf.out\n")
	if got := prepare(); len(got) > 0 {
		t.Errorf("with .dockerignore: got %q, want no mistakes", got)
	}
}

// TestPathsAtApply: what is read at apply is named relative to Terraform's
// folder, through links as the kernel follows them.
func TestPathsAtApply(t *testing.T) {
	t.Parallel()
	dir := actual(t.TempDir())
	for _, sub := range []string{"checkout/app", "elsewhere/out"} {
		if err := os.MkdirAll(filepath.Join(dir, sub), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Symlink(filepath.Join(dir, "elsewhere/out"), filepath.Join(dir, "checkout/cdktf.out")); err != nil {
		t.Fatal(err)
	}
	for _, tc := range []struct{ name, outdir, path, want string }{
		{"plain", "checkout/out", "checkout/app", "../../../app"},
		{"output behind a link", "checkout/cdktf.out", "checkout/app", "../../../../checkout/app"},
		{"a file that is not there yet", "checkout/out", "checkout/app/secret", "../../../app/secret"},
		{"a name with everything", "checkout/out", "checkout/a b'$(id)\n", "../../../a b'$(id)\n"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			folder := stackFolder{dir: filepath.Join(actual(filepath.Join(dir, tc.outdir)), "stacks", "test")}
			if got := folder.relative(filepath.Join(dir, tc.path)); got != tc.want {
				t.Errorf("got %q, want %q", got, tc.want)
			}
		})
	}
}
