package folder

import (
	"crypto/rand"
	"errors"
	"os"
	"path"
)

// temporaryPrefix is that of files being written. ~ is in no key, so that none is
// ever taken for an object; a crash may leave one behind.
const temporaryPrefix = "~"

// write writes a temporary file in dir down to the disk, and returns its name.
func (b *Blob) write(dir string, data []byte) (string, error) {
	name := path.Join(dir, temporaryPrefix+rand.Text())
	file, err := b.root.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return "", err
	}
	_, err = file.Write(data)
	if err == nil {
		err = file.Sync()
	}
	if err = errors.Join(err, file.Close()); err != nil {
		_ = b.root.Remove(name)
		return "", err
	}
	return name, nil
}

// sync has the disk remember the names in a folder.
func (b *Blob) sync(dir string) error {
	folder, err := b.root.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(folder.Sync(), folder.Close())
}
