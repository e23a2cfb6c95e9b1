//go:build e2e

package e2e

import (
	"os"
	"path/filepath"
	"sync"
)

// sourceFiles are the folders of source code that functions are made of. Some of
// the names cannot be in a repository.
var sourceFiles = map[string]map[string]string{
	"plain": {"main.py": handler},
	"node":  {"index.js": "exports.handler = async () => ({ statusCode: 200 });\n"},
	"image": {"Dockerfile": "FROM scratch\nARG VERSION\nCOPY main.py /\n", "docker/agent.Dockerfile": "FROM scratch\nCOPY main.py /\n", "main.py": handler},
	"agent": {"go.mod": "module example.com/agent\n\ngo 1.24\n", "main.go": "package main\n\nfunc main() { println(\"agent\") }\n"},
	"full": {
		"main.py": handler, "lib/helper.py": "helped = True\n", "notes.txt": "notes\n", "tests/test_main.py": "# tests\n",
		"__pycache__/main.cpython-312.pyc": "x", "old.pyc": "x", "node_modules/left.js": "// pad\n", ".env": "KEY=x\n", ".DS_Store": "x",
		".git/config": "[core]\n", ".terraform/modules.json": "{}\n", ".pytest_cache/last": "{}\n",
	},
}

const handler = "def lambda_handler(event, context):\n    return {\"statusCode\": 200}\n"

// sources is where they are.
var sources = sync.OnceValue(func() string {
	dir := filepath.Join(work(), "sources")
	for name, files := range sourceFiles {
		if err := writeFiles(filepath.Join(dir, name), files); err != nil {
			panic(err)
		}
	}
	return dir
})

func writeFiles(dir string, files map[string]string) error {
	for name, text := range files {
		path := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			return err
		}
	}
	return nil
}
