// Package cachehome says where the cache is that packages, compiled programs and
// the provider loader share.
//
// What is in it, and how, must not live here.
package cachehome

import (
	"fmt"
	"os"
	"path/filepath"
)

// Variable is the environment variable that names the cache directory, in place of
// "aegis" in the user's cache directory.
const Variable = "AEGIS_CACHE_DIR"

// Check refuses a directory that would be another one in each working directory.
func Check() error {
	if dir := os.Getenv(Variable); dir != "" && !filepath.IsAbs(dir) {
		return fmt.Errorf("%s: must be an absolute path, got %q", Variable, dir)
	}
	return nil
}

// Dir returns the cache directory, an absolute path, which need not exist.
func Dir() (string, error) {
	if dir := os.Getenv(Variable); dir != "" {
		return filepath.Abs(dir)
	}
	dir, err := os.UserCacheDir()
	if err != nil {
		return "", err
	}
	return filepath.Abs(filepath.Join(dir, "aegis"))
}
