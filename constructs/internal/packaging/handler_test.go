package packaging

import (
	"slices"
	"strings"
	"testing"
)

func TestCheckHandler(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name, runtime, handler string
		files                  string // "*" at the end: executable
		want                   string
	}{
		{"python", "python3.13", "main.lambda_handler", "main.py", ""},
		{"python package", "python3.13", "main.lambda_handler", "main/__init__.py", ""},
		{"python dots", "python3.13", "a.b.c", "a/b.py", ""},
		{"python slashes", "python3.13", "a/b.c", "a/b.py", ""},
		{"python both", "python3.13", "a/b.c.d", "a/b/c/__init__.py", ""},
		{"python compiled", "python3.13", "main.f", "main.pyc", ""},
		{"python extension", "python3.13", "main.f", "main.cpython-313-x86_64-linux-gnu.so", ""},
		{"python plain extension", "python3.13", "main.f", "main.so", ""},
		{"python package extension", "python3.13", "main.f", "main/__init__.abi3.so", ""},
		{"python in a layer", "python3.13", "/opt/python/wrap.f", "a.py", ""},
		{"python missing", "python3.13", "main.lambda_handler", "app.py lib/x.py lib/y.py",
			`handler "main.lambda_handler" needs main.py or main/__init__.py in the package, which has 3 files: app.py, lib/x.py, lib/y.py`},
		{"python many files", "python3.13", "main.f", "a b c d e f",
			`handler "main.f" needs main.py or main/__init__.py in the package, which has 6 files: a, b, c, d, e, …`},
		{"python elsewhere", "python3.13", "main.f", "src/deep/main.py src/main.py x.py",
			`handler "main.f" needs main.py or main/__init__.py in the package, which has 3 files: src/deep/main.py, src/main.py, x.py; there is src/main.py, its handler is "src.main.f"`},
		{"python package elsewhere", "python3.13", "main.f", "src/main/__init__.py src/__init__.py",
			`handler "main.f" needs main.py or main/__init__.py in the package, which has 2 files: src/__init__.py, src/main/__init__.py; there is src/main/__init__.py, its handler is "src.main.f"`},
		{"python other case", "python3.13", "main.f", "Main.py",
			`handler "main.f" needs main.py or main/__init__.py in the package, which has 1 file: Main.py; there is Main.py, its handler is "Main.f"`},
		{"python too high", "python3.13", "src.main.f", "main.py",
			`handler "src.main.f" needs src/main.py or src/main/__init__.py in the package, which has 1 file: main.py; there is main.py, its handler is "main.f"`},
		{"python without a dot", "python3.13", "main", "main.py", `handler "main" must have the form module.function, such as "main.lambda_handler"`},
		{"python without a function", "python3.13", "main.", "main.py", `handler "main." must have the form module.function, such as "main.lambda_handler"`},
		{"python with the dot in a directory", "python3.13", "a.b/c", "a/b.py", `handler "a.b/c" must have the form module.function, such as "main.lambda_handler"`},

		{"nodejs", "nodejs22.x", "index.handler", "index.js", ""},
		{"nodejs mjs", "nodejs22.x", "src/index.handler", "src/index.mjs", ""},
		{"nodejs cjs, first dot", "nodejs22.x", "src/index.api.handler", "src/index.cjs", ""},
		{"nodejs no extension", "nodejs22.x", "index.handler", "index", ""},
		{"nodejs module", "nodejs22.x", "thing.handler", "index.js node_modules/thing/main.js", ""},
		{"nodejs in a layer", "nodejs22.x", "/opt/nodejs/node_modules/datadog-lambda-js/handler.handler", "a.js", ""},
		{"nodejs dots in the directory", "nodejs22.x", "v1.2/index.handler", "v1.2/index.js", ""},
		{"nodejs typescript", "nodejs22.x", "index.handler", "index.ts", `handler "index.handler" needs index.js, index.mjs or index.cjs in the package, which has 1 file: index.ts`},
		{"nodejs elsewhere", "nodejs22.x", "index.handler", "dist/index.js package.json",
			`handler "index.handler" needs index.js, index.mjs or index.cjs in the package, which has 2 files: dist/index.js, package.json; there is dist/index.js, its handler is "dist/index.handler"`},
		{"nodejs without a dot", "nodejs22.x", "index", "index.js", `handler "index" must have the form file.function, such as "index.handler"`},

		{"ruby", "ruby3.4", "lib/function.handler", "lib/function.rb", ""},
		{"ruby class", "ruby3.4", "function.Some::Class.process", "function.rb", ""},
		{"ruby missing", "ruby3.4", "function.handler", "Function.rb",
			`handler "function.handler" needs function.rb in the package, which has 1 file: Function.rb; there is Function.rb, its handler is "Function.handler"`},
		{"ruby without a dot", "ruby3.4", "function", "function.rb", `handler "function" must have the form file.method or file.Class.method, such as "function.handler"`},

		{"provided", "provided.al2023", "anything", "bootstrap* x", ""},
		{"provided al2", "provided.al2", "", "bootstrap*", ""},
		{"go1.x", "go1.x", "main", "bootstrap*", ""},
		{"provided not executable", "provided.al2023", "x", "bootstrap", "bootstrap must be executable (mode 0755), got mode 0644"},
		{"provided missing", "provided.al2023", "x", "bin/bootstrap* main*",
			"the runtime needs bootstrap in the package, which has 2 files: bin/bootstrap, main; there is bin/bootstrap"},

		{"java", "java21", "example.Handler::handleRequest", "example/Handler.class", ""},
		{"java class alone", "java21", "example.Handler", "example/Handler.class", ""},
		{"java nested", "java21", "example.Outer$Inner::go", "example/Outer$Inner.class", ""},
		{"java jar", "java21", "example.Handler::handleRequest", "lib/all.jar", ""},
		{"java missing", "java21", "example.Handler::handleRequest", "com/example/Handler.class lib.jar",
			`handler "example.Handler::handleRequest" needs example/Handler.class or a jar in lib in the package, which has 2 files: com/example/Handler.class, lib.jar; there is com/example/Handler.class`},
		{"java path", "java21", "example/Handler", "example/Handler.class", `handler "example/Handler" must have the form package.Class::method or package.Class, such as "example.Handler::handleRequest"`},

		{"dotnet", "dotnet8", "My.App::My.App.Function::Handle", "My.App.dll", ""},
		{"dotnet program", "dotnet8", "My.App", "My.App.dll", ""},
		{"dotnet missing", "dotnet8", "App::App.F::H", "app.dll App.pdb",
			`handler "App::App.F::H" needs App.dll in the package, which has 2 files: App.pdb, app.dll; there is app.dll`},
		{"dotnet two parts", "dotnet8", "App::F", "App.dll", `handler "App::F" must have the form Assembly::Type::Method or Assembly, such as "Example::Example.Function::Handle"`},

		{"unknown runtime", "cobol85", "whatever", "x", ""},
		{"no runtime", "", "whatever", "x", ""},
		{"odd names", "python3.13", "main.f", "src\n/main.py",
			`handler "main.f" needs main.py or main/__init__.py in the package, which has 1 file: "src\n/main.py"; there is "src\n/main.py", its handler is "src\n.main.f"`},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			p := new(Package)
			for name := range strings.SplitSeq(tc.files, " ") {
				f := File{Name: name, Mode: 0o644}
				if n, ok := strings.CutSuffix(name, "*"); ok {
					f = File{Name: n, Mode: 0o755}
				}
				p.Files = append(p.Files, f)
			}
			slices.SortFunc(p.Files, func(a, b File) int { return strings.Compare(a.Name, b.Name) })
			wantError(t, CheckHandler(p, tc.runtime, tc.handler), tc.want)
		})
	}
}
