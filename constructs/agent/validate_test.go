package agent

import "testing"

func TestValidateName(t *testing.T) {
	t.Parallel()
	const grammar = `lower-case letters and digits, in parts joined by ".", "_", "__", hyphens or "/"`
	good := func(name string) change {
		return change{name: "good " + name[:min(len(name), 20)], change: func(p *Props) { p.Name = name }}
	}
	bad := func(name string) change {
		return change{
			name: "bad " + name, change: func(p *Props) { p.Name = name },
			want: []string{"Name: must be " + grammar + ", got " + quote(name)},
		}
	}
	runChanges(t, []change{
		good("ab"), good("a1"), good("1a"), good("a-b"), good("a--b"), good("a---b"), good("a_b"), good("a__b"), good("a.b"),
		good("team/a"), good("a/b/c"), good("a.b/c_d/e--f"), good(times("a", 256)),
		bad("Analyst"), bad("analyst!"), bad("a___b"), bad("a..b"), bad("a._b"), bad("a-_b"), bad("-a"), bad("a-"), bad("a/"), bad("/a"),
		bad("a//b"), bad("a b"), bad("ä1"), bad("a/-b"), bad("a-/b"), bad("a\n"),
		{name: "none", change: func(p *Props) { p.Name = "" }, want: []string{"Name: must be set, got nothing"}},
		{name: "one character", change: func(p *Props) { p.Name = "a" }, want: []string{`Name: must have 2 to 256 characters, got 1 in "a"`}},
		{
			name: "257 characters", change: func(p *Props) { p.Name = times("a", 257) },
			want: []string{`Name: must have 2 to 256 characters, got 257 in "` + times("a", 60) + `"…`},
		},
		{name: "token", change: func(p *Props) { p.Name = token }, want: []string{"Name: must be known at synth, got a Terraform token"}},
	})
}

func TestValidateBuild(t *testing.T) {
	t.Parallel()
	goSource := GoPackage{Path: "./testdata/goagent"}
	host := func(name, host string) change {
		return change{
			name: "registry " + name, change: func(p *Props) { p.ECRRegistry = &host },
			want: []string{`ECRRegistry: must be the name of a host, with ":" and a port or without, got ` + quote(host)},
		}
	}
	runChanges(t, []change{
		{
			name: "no source", change: func(p *Props) { p.Source = nil },
			want: []string{"Source: must be Dockerfile or GoPackage, got nothing: BuildDisabled is for an image that somebody else pushes"},
		},
		{name: "nil pointer", change: func(p *Props) { p.Source = (*Dockerfile)(nil) },
			want: []string{"Source: must be Dockerfile or GoPackage, got nothing: BuildDisabled is for an image that somebody else pushes"}},
		{name: "pointer", change: func(p *Props) { p.Source = &Dockerfile{ContextDir: "testdata/docker"} }},
		{name: "pointer to a Go package", change: func(p *Props) { p.Source = &goSource }},
		{name: "no source, no build", change: func(p *Props) { p.Source, p.BuildDisabled, p.ImageTag = nil, true, "v1" }},
		{
			name: "no source, no build, no tag", change: func(p *Props) { p.Source, p.BuildDisabled = nil, true },
			want: []string{"ImageTag: must be set without a Source, from which it would be made, got nothing"},
		},
		{name: "source, no build", change: func(p *Props) { p.BuildDisabled = true }},
		{
			name: "no build, but tags and force", change: func(p *Props) {
				p.BuildDisabled, p.ForceRebuild, p.AdditionalTags, p.ImageTagMutability = true, true, []string{"v1"}, Mutable
			},
			want: []string{
				"ForceRebuild: must not be set together with BuildDisabled, got both",
				"AdditionalTags: must not be set together with BuildDisabled, got both",
			},
		},
		{
			name: "force, immutable", change: func(p *Props) { p.ForceRebuild = true },
			want: []string{"ForceRebuild: must go with ImageTagMutability MUTABLE for a Dockerfile: the same tag is pushed again, got IMMUTABLE"},
		},
		{name: "force, mutable", change: func(p *Props) { p.ForceRebuild, p.ImageTagMutability = true, Mutable }},
		{name: "force of a Go package", change: func(p *Props) { p.ForceRebuild, p.Source = true, goSource }},
		{name: "registry", change: func(p *Props) { p.ECRRegistry = new("123456789012.dkr.ecr-fips.us-east-1.amazonaws.com") }},
		{name: "registry with a port", change: func(p *Props) { p.ECRRegistry = new("127.0.0.1:5000") }},
		{name: "registry to come", change: func(p *Props) { p.ECRRegistry = new(token) }},
		{name: "empty registry", change: func(p *Props) { p.ECRRegistry = new("") }, want: []string{"ECRRegistry: must be set, got nothing"}},
		host("with a scheme", "https://example.com"),
		host("with a path", "example.com/team"),
		host("with white space", "example .com"),
		{name: "arm64", change: func(p *Props) { p.Platforms = []Platform{LinuxARM64} }},
		{name: "both platforms", change: func(p *Props) { p.Platforms = []Platform{LinuxARM64, LinuxAMD64} }},
		{
			name: "windows", change: func(p *Props) { p.Platforms = []Platform{"windows/amd64"} },
			want: []string{`Platforms[0]: must be "linux/amd64" or "linux/arm64", got "windows/amd64"`},
		},
		{
			name: "unknown platform to come", change: func(p *Props) { p.Platforms = []Platform{token} },
			want: []string{"Platforms[0]: must be known at synth, got a Terraform token"},
		},
		{
			name: "a platform twice", change: func(p *Props) { p.Platforms = []Platform{LinuxARM64, LinuxARM64} },
			want: []string{`Platforms[1]: must not repeat, got "linux/arm64" again`},
		},
		{
			name: "two platforms for Lambda", change: func(p *Props) { p.Platforms, p.ForLambda = []Platform{LinuxARM64, LinuxAMD64}, true },
			want: []string{"Platforms: must be one for an image that Lambda runs, got 2"},
		},
		{
			name: "two platforms of a Go package", change: func(p *Props) { p.Platforms, p.Source = []Platform{LinuxARM64, LinuxAMD64}, goSource },
			want: []string{"Platforms: must be one for a GoPackage, got 2"},
		},
	})
}

func TestValidateTags(t *testing.T) {
	t.Parallel()
	bad := func(tag string) change {
		return change{
			name: "bad " + tag, change: func(p *Props) { p.ImageTag = tag },
			want: []string{"ImageTag: must be letters, digits and ._-, not beginning with . or -, got " + quote(tag)},
		}
	}
	latest := func(field string) string {
		return field + `: must not be latest with ImageTagMutability IMMUTABLE: it could be pushed only once, got "latest"`
	}
	runChanges(t, []change{
		{name: "128 characters", change: func(p *Props) { p.ImageTag = times("aZ0_.-", 128) }},
		{
			name: "129 characters", change: func(p *Props) { p.ImageTag = times("a", 129) },
			want: []string{`ImageTag: must have 1 to 128 characters, got 129 in "` + times("a", 60) + `"…`},
		},
		{name: "underscore first", change: func(p *Props) { p.ImageTag = "_a" }},
		bad("-a"), bad(".a"), bad("a:b"), bad("a b"), bad("a/b"), bad("ä"),
		{name: "token", change: func(p *Props) { p.ImageTag = token }, want: []string{"ImageTag: must be known at synth, got a Terraform token"}},
		{name: "latest", change: func(p *Props) { p.ImageTag = "latest" }, want: []string{latest("ImageTag")}},
		{name: "additional latest", change: func(p *Props) { p.AdditionalTags = []string{"v1", "latest"} }, want: []string{latest("AdditionalTags[1]")}},
		{
			name: "latest, mutable", change: func(p *Props) {
				p.ImageTag, p.AdditionalTags, p.ImageTagMutability = "latest", []string{"v1"}, Mutable
			},
		},
		{name: "empty additional tag", change: func(p *Props) { p.AdditionalTags = []string{""} }, want: []string{"AdditionalTags[0]: must be set, got nothing"}},
		{
			name: "twice", change: func(p *Props) { p.ImageTag, p.AdditionalTags = "v1", []string{"v2", "v1", "v2"} },
			want: []string{
				`AdditionalTags[1]: must not repeat ImageTag, got "v1"`,
				`AdditionalTags[2]: must not repeat AdditionalTags[0], got "v2"`,
			},
		},
	})
}

func TestValidateRepository(t *testing.T) {
	t.Parallel()
	key := new(keyARN)
	runChanges(t, []change{
		{name: "mutability", change: func(p *Props) { p.ImageTagMutability = "mutable" }, want: []string{`ImageTagMutability: must be "IMMUTABLE" or "MUTABLE", got "mutable"`}},
		{name: "KMS", change: func(p *Props) { p.EncryptionType = KMS }},
		{name: "KMS with a key", change: func(p *Props) { p.EncryptionType, p.KMSKeyARN = KMS, key }},
		{name: "KMS_DSSE with a key", change: func(p *Props) { p.EncryptionType, p.KMSKeyARN = KMSDSSE, key }},
		{name: "KMS with a key to come", change: func(p *Props) { p.EncryptionType, p.KMSKeyARN = KMS, new(token) }},
		{
			name: "key alone", change: func(p *Props) { p.KMSKeyARN = key },
			want: []string{"KMSKeyARN: must go with EncryptionType KMS or KMS_DSSE, got AES256"},
		},
		{
			name: "unknown encryption", change: func(p *Props) { p.EncryptionType = "none" },
			want: []string{`EncryptionType: must be "AES256", "KMS" or "KMS_DSSE", got "none"`},
		},
		{
			name: "key of another service", change: func(p *Props) { p.EncryptionType, p.KMSKeyARN = KMS, new(roleARN) },
			want: []string{`KMSKeyARN: must be an ARN of kms, got "` + roleARN + `"`},
		},
		{name: "existing", change: func(p *Props) {
			p.ExistingRepository, p.ForLambda, p.ImageTagMutability, p.ImageTag = true, true, Mutable, "latest"
		}},
		{
			name: "existing, with what is for an own one", change: func(p *Props) {
				p.ExistingRepository = true
				p.ScanOnPushDisabled, p.EncryptionType, p.KMSKeyARN, p.ForceDelete = true, KMS, key, true
				p.MaxImageCount, p.UntaggedImageDays, p.PullPrincipals = 3, 3, list("123456789012")
			},
			want: []string{
				"ScanOnPushDisabled: must not be set together with ExistingRepository, got both",
				"EncryptionType: must not be set together with ExistingRepository, got both",
				"KMSKeyARN: must not be set together with ExistingRepository, got both",
				"ForceDelete: must not be set together with ExistingRepository, got both",
				"MaxImageCount: must not be set together with ExistingRepository, got both",
				"UntaggedImageDays: must not be set together with ExistingRepository, got both",
				"PullPrincipals: must not be set together with ExistingRepository, got both",
			},
		},
		{
			name: "a tag of AWS's", change: func(p *Props) { p.Tags = map[string]*string{"aws:x": new("y")} },
			want: []string{`Tags["aws:x"]: must not begin with aws:, which is AWS's own, got "aws:x"`},
		},
	})
}

func TestValidateLogs(t *testing.T) {
	t.Parallel()
	runChanges(t, []change{
		{name: "forever", change: func(p *Props) { p.CreateLogGroup, p.LogRetentionDays = true, RetainForever }},
		{name: "2192 days", change: func(p *Props) { p.CreateLogGroup, p.LogRetentionDays, p.LogKMSKeyARN = true, 2192, new(keyARN) }},
		{
			name: "8 days", change: func(p *Props) { p.CreateLogGroup, p.LogRetentionDays = true, 8 },
			want: []string{"LogRetentionDays: must be 1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653 or RetainForever, got 8"},
		},
		{
			name: "without a group", change: func(p *Props) { p.LogRetentionDays, p.LogKMSKeyARN = 30, new(keyARN) },
			want: []string{
				"LogRetentionDays: must go with CreateLogGroup, got LogRetentionDays without it",
				"LogKMSKeyARN: must go with CreateLogGroup, got LogKMSKeyARN without it",
			},
		},
		{
			name: "key of another service", change: func(p *Props) { p.CreateLogGroup, p.LogKMSKeyARN = true, new(roleARN) },
			want: []string{`LogKMSKeyARN: must be an ARN of kms, got "` + roleARN + `"`},
		},
	})
}
