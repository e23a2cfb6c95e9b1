package lambda

import (
	"archive/zip"
	"debug/elf"
	"encoding/binary"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/aegis-agents/aegis/constructs/internal/check"
)

// prepare is what a function with valid props and this code gets.
func prepare(t *testing.T, code Code, change func(p *Props)) (prepared, []string) {
	t.Helper()
	props := validProps()
	if change != nil {
		change(&props)
	}
	props.Code = code
	var p check.Problems
	made := props.Code.prepare(&p, resolve(props, path))
	return made, p.Strings()
}

// folder writes files, by name, into a directory of the test's own.
func folder(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "src")
	if err := os.Mkdir(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// without replaces the test's own directory, which has another name each time.
func without(dir string, texts []string) []string {
	out := make([]string, len(texts))
	for i, text := range texts {
		out[i] = strings.ReplaceAll(text, dir, "<dir>")
	}
	return out
}

const notMade = "Code: must be a package that can be made, got an error: "

func TestDirectory(t *testing.T) {
	t.Parallel()
	python := map[string]string{"main.py": "def handler(event, context): pass\n"}
	for _, tc := range []struct {
		name    string
		files   map[string]string
		exclude []string
		change  func(p *Props)
		dir     func(t *testing.T, dir string) // more than files
		want    []string
		made    bool
	}{
		{name: "one file", files: python, made: true},
		{name: "empty", want: []string{notMade + "empty package: nothing is left of <dir> after the excludes"}},
		{
			name: "empty after the excludes", files: map[string]string{"a.pyc": "", ".env": ""},
			want: []string{notMade + "empty package: nothing is left of <dir> after the excludes"},
		},
		{name: "no excludes", files: map[string]string{"main.pyc": ""}, exclude: []string{}, made: true},
		{
			name: "bad excludes", files: python, exclude: []string{"[", "*.md", "a//["},
			want: []string{"Code.Exclude: must be globs, got an error: pattern \"[\": syntax error in pattern\npattern \"a//[\": syntax error in pattern"},
		},
		{
			name: "handler's file missing", files: map[string]string{"app.py": ""}, made: true,
			want: []string{`Handler: must name code in the package, got "main.handler", which needs main.py or main/__init__.py ` +
				"in the package, which has 1 file: app.py"},
		},
		{
			name: "handler of another form", files: python, made: true, change: func(p *Props) { p.Handler = "handler" },
			want: []string{`Handler: must name code in the package, got "handler", which must have the form module.function, such as "main.lambda_handler"`},
		},
		{
			name: "handler in a layer", files: map[string]string{"app.py": ""}, made: true,
			change: func(p *Props) { p.Layers = many(1, layer) },
		},
		{
			name: "no handler, which is another mistake", files: python, made: true,
			change: func(p *Props) { p.Handler = "" },
		},
		{
			name: "no bootstrap", files: python, made: true, change: func(p *Props) { p.Runtime = ProvidedAL2023 },
			want: []string{`Handler: must name code in the package, got "main.handler": the runtime needs bootstrap in the package, which has 1 file: main.py`},
		},
		{
			name: "bootstrap is a script", files: map[string]string{"bootstrap": "#!/bin/sh\n"}, made: true,
			change: func(p *Props) { p.Runtime, p.Architecture = ProvidedAL2023, ARM64 },
		},
		{
			name: "link out of it", files: python,
			dir: func(t *testing.T, dir string) {
				t.Helper()
				if err := os.Symlink("../other", filepath.Join(dir, "link")); err != nil {
					t.Fatal(err)
				}
				if err := os.WriteFile(filepath.Join(dir, "../other"), nil, 0o644); err != nil {
					t.Fatal(err)
				}
			},
			want: []string{notMade + "cannot package <dir>:\nlink: symbolic link to ../other, which is outside the directory"},
		},
		{name: "name that is no file's", files: python, made: true, change: func(p *Props) { p.FunctionName = "a/b" }},
		{name: "name longer than a file's", files: python, made: true, change: func(p *Props) { p.FunctionName = times("a", 300) }},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			dir := folder(t, tc.files)
			if tc.dir != nil {
				tc.dir(t, dir)
			}
			made, got := prepare(t, Directory{Path: dir, Exclude: tc.exclude}, tc.change)
			if diff := cmp.Diff(tc.want, without(dir, got), emptyIsNil); diff != "" {
				t.Errorf("mistakes (-want +got):\n%s", diff)
			}
			if (made.pkg != nil) != tc.made {
				t.Errorf("package: got %v, want one: %v", made.pkg, tc.made)
			}
		})
	}
}

func TestPaths(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name string
		code Code
		want []string
	}{
		{name: "directory without a path", code: Directory{}, want: []string{"Code.Path: must be set, got nothing"}},
		{name: "directory not known", code: Directory{Path: token}, want: []string{"Code.Path: must be known at synth, got a Terraform token"}},
		{name: "no directory", code: Directory{Path: "testdata/nothing"}, want: []string{notMade + "testdata/nothing does not exist"}},
		{name: "file for a directory", code: Directory{Path: "code_test.go"}, want: []string{notMade + "code_test.go must be a directory, got a regular file"}},
		{name: "zip without a path", code: ZipFile{}, want: []string{"Code.Path: must be set, got nothing"}},
		{name: "zip not known", code: ZipFile{Path: token}, want: []string{"Code.Path: must be known at synth, got a Terraform token"}},
		{name: "no zip", code: ZipFile{Path: "testdata/nothing.zip"}, want: []string{notMade + "testdata/nothing.zip does not exist"}},
		{name: "directory for a zip", code: ZipFile{Path: "testdata"}, want: []string{notMade + "testdata must be a zip file, got a directory"}},
		{name: "other file", code: ZipFile{Path: "code_test.go"}, want: []string{notMade + "code_test.go must be a zip file: zip: not a valid zip file"}},
		{name: "Go package without a path", code: GoPackage{}, want: []string{"Code.Path: must be set, got nothing"}},
		{name: "Go package not known", code: GoPackage{Path: token}, want: []string{"Code.Path: must be known at synth, got a Terraform token"}},
		{
			name: "no Go package", code: GoPackage{Path: "./nothing", Dir: "testdata/missing"},
			want: []string{notMade + "Dir: testdata/missing: no such file or directory"},
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			made, got := prepare(t, tc.code, nil)
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("mistakes (-want +got):\n%s", diff)
			}
			if made.pkg != nil {
				t.Errorf("got a package: %v", made.pkg)
			}
		})
	}
}

// program is the beginning of a compiled program, as far as anybody looks.
func program(machine elf.Machine, order binary.ByteOrder) string {
	header := make([]byte, 64)
	copy(header, elf.ELFMAG)
	header[elf.EI_CLASS] = byte(elf.ELFCLASS64)
	header[elf.EI_DATA] = byte(elf.ELFDATA2LSB)
	if order == binary.BigEndian {
		header[elf.EI_DATA] = byte(elf.ELFDATA2MSB)
	}
	order.PutUint16(header[elf.EI_NIDENT:], uint16(elf.ET_EXEC))
	order.PutUint16(header[elf.EI_NIDENT+2:], uint16(machine))
	return string(header)
}

func TestArchitectureOfBootstrap(t *testing.T) {
	t.Parallel()
	amd, arm := program(elf.EM_X86_64, binary.LittleEndian), program(elf.EM_AARCH64, binary.LittleEndian)
	const must = "Architecture: must be that of the package's bootstrap, which is compiled for "
	for _, tc := range []struct {
		name         string
		bootstrap    string
		architecture Architecture
		runtime      Runtime
		want         []string
	}{
		{name: "x86_64 by default", bootstrap: amd},
		{name: "x86_64", bootstrap: amd, architecture: X8664},
		{name: "arm64", bootstrap: arm, architecture: ARM64},
		{name: "arm64 on the default", bootstrap: arm, want: []string{must + `arm64, got "x86_64"`}},
		{name: "x86_64 on arm64", bootstrap: amd, architecture: ARM64, want: []string{must + `x86_64, got "arm64"`}},
		{
			name: "another processor", bootstrap: program(elf.EM_S390, binary.BigEndian), architecture: ARM64,
			want: []string{must + `EM_S390, got "arm64"`},
		},
		{name: "no such architecture, which is another mistake", bootstrap: arm, architecture: "arm"},
		{name: "cut short", bootstrap: amd[:10], architecture: ARM64},
		{name: "not what is started", bootstrap: arm, runtime: Python312},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			dir := folder(t, map[string]string{"bootstrap": tc.bootstrap, "main.py": ""})
			change := func(p *Props) {
				p.Runtime, p.Architecture = ProvidedAL2023, tc.architecture
				if tc.runtime != "" {
					p.Runtime = tc.runtime
				}
			}
			_, got := prepare(t, Directory{Path: dir}, change)
			if diff := cmp.Diff(tc.want, got, emptyIsNil); diff != "" {
				t.Errorf("directory (-want +got):\n%s", diff)
			}
			if tc.runtime == "" {
				_, got = prepare(t, ZipFile{Path: zipped(t, "bootstrap", tc.bootstrap)}, change)
				if diff := cmp.Diff(tc.want, got, emptyIsNil); diff != "" {
					t.Errorf("zip (-want +got):\n%s", diff)
				}
			}
		})
	}
}

// zipped makes a zip of one file, which may be executed.
func zipped(t *testing.T, name, text string) string {
	t.Helper()
	f, err := os.Create(filepath.Join(t.TempDir(), "code.zip"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	w := zip.NewWriter(f)
	header := &zip.FileHeader{Name: name}
	header.SetMode(0o755)
	entry, err := w.CreateHeader(header)
	if err == nil {
		_, err = entry.Write([]byte(text))
	}
	if err == nil {
		err = w.Close()
	}
	if err != nil {
		t.Fatal(err)
	}
	return f.Name()
}

func TestZipFile(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name, file, handler string
		want                []string
	}{
		{name: "handler in it", file: "main.py"},
		{
			name: "handler not in it", file: "src/main.py",
			want: []string{`Handler: must name code in the package, got "main.handler", which needs main.py or main/__init__.py ` +
				`in the package, which has 1 file: src/main.py; there is src/main.py, its handler is "src.main.handler"`},
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			made, got := prepare(t, ZipFile{Path: zipped(t, tc.file, "")}, nil)
			if diff := cmp.Diff(tc.want, got, emptyIsNil); diff != "" {
				t.Errorf("mistakes (-want +got):\n%s", diff)
			}
			if made.pkg == nil {
				t.Error("got no package")
			}
		})
	}
}
