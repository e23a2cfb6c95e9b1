// Package content says what a Docker build depends on, as one hash.
//
// The hash covers everything that docker build would send to the engine: the
// path, the execute bit and the bytes of each file, the target of each symbolic
// link, after .dockerignore; then the Dockerfile, build arguments, target,
// platforms and labels. It is the same in every checkout of the same sources:
// times, owners, the umask and directories without files do not count. Git
// stores none of these.
//
// What must not live here: running Docker, and checks of what a registry allows.
package content
