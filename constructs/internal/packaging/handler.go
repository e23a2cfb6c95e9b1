package packaging

import (
	"errors"
	"fmt"
	"path"
	"slices"
	"strings"
)

// CheckHandler returns an error if the runtime would not find the handler's file
// in the package. Runtimes it does not know are not checked. A handler may also
// lie in a layer: whoever uses layers should not ask, except for handlers in
// /opt, which are recognised as such.
func CheckHandler(p *Package, runtime, handler string) error {
	h := &handlerCheck{handler: handler, files: p.Files}
	switch {
	case strings.HasPrefix(runtime, "python"):
		return h.python()
	case strings.HasPrefix(runtime, "nodejs"):
		return h.nodejs()
	case strings.HasPrefix(runtime, "ruby"):
		return h.ruby()
	case strings.HasPrefix(runtime, "provided"), strings.HasPrefix(runtime, "go1"):
		return h.bootstrap()
	case strings.HasPrefix(runtime, "java"):
		return h.java()
	case strings.HasPrefix(runtime, "dotnet"):
		return h.dotnet()
	}
	return nil
}

// handlerCheck looks for a handler's file.
type handlerCheck struct {
	handler string
	files   []File // sorted by name
}

// has reports whether the package has a file of this name.
func (h *handlerCheck) has(name string) bool {
	_, ok := h.file(name)
	return ok
}

func (h *handlerCheck) file(name string) (File, bool) {
	i, ok := slices.BinarySearchFunc(h.files, name, func(f File, name string) int { return strings.Compare(f.Name, name) })
	if !ok {
		return File{}, false
	}
	return h.files[i], true
}

// any reports whether the package has a file with this prefix and suffix.
func (h *handlerCheck) any(prefix, suffix string) bool {
	i, _ := slices.BinarySearchFunc(h.files, prefix, func(f File, name string) int { return strings.Compare(f.Name, name) })
	for ; i < len(h.files) && strings.HasPrefix(h.files[i].Name, prefix); i++ {
		if len(h.files[i].Name) >= len(prefix)+len(suffix) && strings.HasSuffix(h.files[i].Name, suffix) {
			return true
		}
	}
	return false
}

// malformed says what a handler of this runtime looks like.
func (h *handlerCheck) malformed(form, example string) error {
	return fmt.Errorf("handler %q must have the form %s, such as %q", h.handler, form, example)
}

// python: what stands before the last dot is the module, with dots or slashes
// between packages.
// https://docs.aws.amazon.com/lambda/latest/dg/python-handler.html
func (h *handlerCheck) python() error {
	dot := strings.LastIndex(h.handler, ".")
	if dot <= 0 || dot == len(h.handler)-1 || strings.Contains(h.handler[dot:], "/") {
		return h.malformed("module.function", "main.lambda_handler")
	}
	module, function := h.handler[:dot], h.handler[dot:]
	if inLayer(module) {
		return nil
	}
	module = path.Clean(strings.ReplaceAll(module, ".", "/"))
	for _, base := range []string{module, module + "/__init__"} {
		// Extension modules carry the interpreter's name: x.cpython-313-x86_64-linux-gnu.so
		if h.has(base+".py") || h.has(base+".pyc") || h.has(base+".so") || h.any(base+".", ".so") {
			return nil
		}
	}
	return h.missing(search{
		wanted: []string{module + ".py", module + "/__init__.py"},
		handler: func(name string) string {
			name = strings.TrimSuffix(strings.TrimSuffix(name, ".py"), "/__init__")
			return strings.ReplaceAll(name, "/", ".") + function
		},
	})
}

// nodejs: what stands before the first dot of the last path segment is the file.
// https://github.com/aws/aws-lambda-nodejs-runtime-interface-client/tree/main/src/function
func (h *handlerCheck) nodejs() error {
	dir, last := path.Split(h.handler)
	base, function, ok := strings.Cut(last, ".")
	if !ok || base == "" || function == "" {
		return h.malformed("file.function", "index.handler")
	}
	if inLayer(dir) {
		return nil
	}
	module := path.Join(dir, base)
	// The runtime also takes a file without an extension, and at last looks for
	// a module of this name.
	if h.has(module) || h.has(module+".js") || h.has(module+".mjs") || h.has(module+".cjs") ||
		h.any("node_modules/"+base+"/", "") || h.any(path.Join(dir, "node_modules", base)+"/", "") {
		return nil
	}
	return h.missing(search{
		wanted:  []string{module + ".js", module + ".mjs", module + ".cjs"},
		handler: func(name string) string { return strings.TrimSuffix(name, path.Ext(name)) + "." + function },
	})
}

// ruby: what stands before the first dot is the file.
// https://docs.aws.amazon.com/lambda/latest/dg/ruby-handler.html
func (h *handlerCheck) ruby() error {
	base, function, ok := strings.Cut(h.handler, ".")
	if !ok || base == "" || function == "" {
		return h.malformed("file.method or file.Class.method", "function.handler")
	}
	if inLayer(base) {
		return nil
	}
	base = path.Clean(base)
	if h.has(base + ".rb") {
		return nil
	}
	return h.missing(search{
		wanted:  []string{base + ".rb"},
		handler: func(name string) string { return strings.TrimSuffix(name, ".rb") + "." + function },
	})
}

// bootstrap: the custom runtimes start this program, the handler is only passed
// on to it. https://docs.aws.amazon.com/lambda/latest/dg/runtimes-custom.html
func (h *handlerCheck) bootstrap() error {
	f, ok := h.file(bootstrapName)
	switch {
	case !ok:
		return h.missing(search{subject: "the runtime", wanted: []string{bootstrapName}})
	case f.Mode != modeExecutable:
		return fmt.Errorf("%s must be executable (mode 0755), got mode %#o", bootstrapName, f.Mode)
	}
	return nil
}

// java: package.Class or package.Class::method. Classes in a jar below lib are
// not looked at. https://docs.aws.amazon.com/lambda/latest/dg/java-handler.html
func (h *handlerCheck) java() error {
	class, _, _ := strings.Cut(h.handler, "::")
	if class == "" || strings.ContainsAny(class, "/:") {
		return h.malformed("package.Class::method or package.Class", "example.Handler::handleRequest")
	}
	file := strings.ReplaceAll(class, ".", "/") + ".class"
	if h.any("lib/", ".jar") || h.has(file) {
		return nil
	}
	return h.missing(search{wanted: []string{file}, or: "a jar in lib"})
}

// dotnet: Assembly::Namespace.Type::Method, or Assembly alone for a program.
// https://docs.aws.amazon.com/lambda/latest/dg/csharp-handler.html
func (h *handlerCheck) dotnet() error {
	parts := strings.Split(h.handler, "::")
	if (len(parts) != 1 && len(parts) != 3) || slices.Contains(parts, "") || strings.Contains(parts[0], "/") {
		return h.malformed("Assembly::Type::Method or Assembly", "Example::Example.Function::Handle")
	}
	if h.has(parts[0] + ".dll") {
		return nil
	}
	return h.missing(search{wanted: []string{parts[0] + ".dll"}})
}

// inLayer reports whether a path is where layers are unpacked, out of sight here.
func inLayer(name string) bool { return strings.HasPrefix(name, "/opt/") }

// search is a search for a handler's file that found nothing.
type search struct {
	// subject is what needs the file. Default: the handler.
	subject string
	// wanted are the files looked for, or is what else would do.
	wanted []string
	or     string
	// handler is the handler for another file, if there is such a thing.
	handler func(name string) string
}

func (h *handlerCheck) missing(s search) error {
	var b strings.Builder
	if s.subject == "" {
		s.subject = fmt.Sprintf("handler %q", h.handler)
	}
	wanted := slices.Clone(s.wanted)
	if s.or != "" {
		wanted = append(wanted, s.or)
	}
	fmt.Fprintf(&b, "%s needs %s in the package, which has %s", s.subject, alternatives(wanted), h.content())
	if near := h.near(s.wanted); near != "" {
		fmt.Fprintf(&b, "; there is %s", printable(near))
		if s.handler != nil {
			fmt.Fprintf(&b, ", its handler is %q", s.handler(near))
		}
	}
	return errors.New(b.String())
}

// near returns the file most like one of the wanted: the same path in other
// case, else the same name in the directory nearest to the root, else the same
// name in other case. It returns "" if there is none.
func (h *handlerCheck) near(wanted []string) string {
	best, bestRank := "", 1<<30
	for _, f := range h.files {
		for _, w := range wanted {
			base := path.Base(w)
			// __init__.py alone says nothing: its directory is the module's name.
			if strings.HasPrefix(base, "__init__.") {
				base = path.Join(path.Base(path.Dir(w)), base)
			}
			rank := 1 << 30
			switch {
			case strings.EqualFold(f.Name, w):
				rank = 0
			case strings.HasSuffix(f.Name, "/"+base), f.Name == base:
				rank = 1 + strings.Count(f.Name, "/")
			case strings.HasSuffix(strings.ToLower(f.Name), "/"+strings.ToLower(base)), strings.EqualFold(f.Name, base):
				rank = 1<<20 + strings.Count(f.Name, "/")
			}
			if rank < bestRank {
				best, bestRank = f.Name, rank
			}
		}
	}
	return best
}

// content says what is in the package.
func (h *handlerCheck) content() string {
	const shown = 5
	var names []string
	for _, f := range h.files[:min(shown, len(h.files))] {
		names = append(names, printable(f.Name))
	}
	if len(h.files) > shown {
		names = append(names, "…")
	}
	if len(h.files) == 1 {
		return "1 file: " + names[0]
	}
	return fmt.Sprintf("%d files: %s", len(h.files), strings.Join(names, ", "))
}

// alternatives joins names as "a, b or c".
func alternatives(names []string) string {
	if len(names) == 1 {
		return names[0]
	}
	return strings.Join(names[:len(names)-1], ", ") + " or " + names[len(names)-1]
}
