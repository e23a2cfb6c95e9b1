package lazyload

import (
	"bytes"
	"crypto/sha256"
	_ "embed" // the hook
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/aegis-agents/aegis/constructs/internal/cachehome"
)

const hookName = "hook.cjs"

//go:embed hook.cjs
var hookSource []byte

// writeHook puts the hook where Node can read it: into the cache, or into a
// temporary directory if the cache cannot be written. The remove function
// removes what must not stay.
//
// Removing the temporary hook while the kernel runs is safe: Node has read it,
// and the hook keeps itself from child processes and worker threads.
func writeHook() (path string, remove func(), err error) {
	path, cacheErr := cacheHook()
	if cacheErr == nil {
		return path, func() {}, nil
	}
	dir, tempErr := os.MkdirTemp("", "aegis-loader-")
	if tempErr != nil {
		return "", nil, errors.Join(cacheErr, tempErr)
	}
	remove = func() { _ = os.RemoveAll(dir) }
	path, tempErr = filepath.Abs(filepath.Join(dir, hookName))
	if tempErr == nil {
		tempErr = os.WriteFile(path, hookSource, 0o600)
	}
	if tempErr != nil {
		remove()
		return "", nil, errors.Join(cacheErr, tempErr)
	}
	return path, remove, nil
}

// cacheHook returns the path of the hook in the cache. The directory is named
// after the hook's content, so that versions of Aegis do not overwrite each
// other's; a file that was damaged or tampered with is replaced.
func cacheHook() (string, error) {
	// An absolute path: Node looks up a relative one among packages.
	cache, err := cachehome.Dir()
	if err != nil {
		return "", err
	}
	sum := sha256.Sum256(hookSource)
	dir := filepath.Join(cache, "loader", hex.EncodeToString(sum[:])[:12])
	path := filepath.Join(dir, hookName)
	if hookAt(path) {
		return path, nil
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return "", fmt.Errorf("make the loader's cache: %w", err)
	}
	if err := writeAtomic(path, hookSource); err != nil && !hookAt(path) {
		// Another process may have written it first, which is as good.
		return "", fmt.Errorf("write the loader's hook: %w", err)
	}
	return path, nil
}

func hookAt(path string) bool {
	source, err := os.ReadFile(path)
	return err == nil && bytes.Equal(source, hookSource)
}

// writeAtomic writes through a temporary file, so that no process ever reads
// half a hook.
func writeAtomic(path string, content []byte) (err error) {
	file, err := os.CreateTemp(filepath.Dir(path), hookName+".*")
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			_ = os.Remove(file.Name())
		}
	}()
	if _, err = file.Write(content); err != nil {
		_ = file.Close()
		return err
	}
	if err = file.Close(); err != nil {
		return err
	}
	return os.Rename(file.Name(), path)
}
