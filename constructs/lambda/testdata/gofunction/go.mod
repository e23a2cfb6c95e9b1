module example.com/gofunction

go 1.24
