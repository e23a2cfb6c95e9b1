package lambda

import (
	"strconv"
	"strings"
	"testing"
)

func subnet(i int) string { return "subnet-" + strconv.Itoa(i) }
func group(i int) string  { return "sg-" + strconv.Itoa(i) }

const accessPointARN = "arn:aws:elasticfilesystem:eu-central-1:123456789012:access-point/fsap-1"

func TestValidateVPC(t *testing.T) {
	t.Parallel()
	const empty = "must not be empty: a VPC needs subnets and security groups, got nothing"
	vpc := func(subnets, groups int) func(p *Props) {
		return func(p *Props) { p.VPC = &VPC{SubnetIDs: many(subnets, subnet), SecurityGroupIDs: many(groups, group)} }
	}
	runChanges(t, []change{
		{name: "one of each", change: vpc(1, 1)},
		{name: "16 subnets, 5 groups", change: vpc(16, 5)},
		{name: "17 subnets", change: vpc(17, 1), want: []string{"VPC.SubnetIDs: must have at most 16 ids, got 17"}},
		{name: "6 groups", change: vpc(1, 6), want: []string{"VPC.SecurityGroupIDs: must have at most 5 ids, got 6"}},
		{name: "no subnets", change: vpc(0, 1), want: []string{"VPC.SubnetIDs: " + empty}},
		{name: "no groups", change: vpc(1, 0), want: []string{"VPC.SecurityGroupIDs: " + empty}},
		{name: "neither", change: vpc(0, 0), want: []string{"VPC.SubnetIDs: " + empty, "VPC.SecurityGroupIDs: " + empty}},
		{
			name: "ids of something else", change: func(p *Props) {
				p.VPC = &VPC{SubnetIDs: many(1, group), SecurityGroupIDs: many(1, subnet)}
			},
			want: []string{
				`VPC.SubnetIDs[0]: must begin with "subnet-", got "sg-0"`,
				`VPC.SecurityGroupIDs[0]: must begin with "sg-", got "subnet-0"`,
			},
		},
		{
			name: "nothing, and the same twice", change: func(p *Props) {
				p.VPC = &VPC{SubnetIDs: []*string{nil, new("subnet-1"), new("subnet-1")}, SecurityGroupIDs: []*string{new(""), new(token), new(token)}}
			},
			want: []string{
				"VPC.SubnetIDs[0]: must be set, got nothing",
				`VPC.SubnetIDs[2]: must not repeat SubnetIDs[1], got "subnet-1"`,
				"VPC.SecurityGroupIDs[0]: must be set, got nothing",
				"VPC.SecurityGroupIDs[2]: must not repeat SecurityGroupIDs[1], got a Terraform token",
			},
		},
		{name: "a token for all subnets", change: func(p *Props) {
			p.VPC = &VPC{SubnetIDs: []*string{new("#{TfToken[TOKEN.2]}")}, SecurityGroupIDs: many(1, group)}
		}},
	})
}

func TestValidateFileSystem(t *testing.T) {
	t.Parallel()
	mount := func(path string) func(p *Props) {
		return func(p *Props) {
			p.VPC = &VPC{SubnetIDs: many(1, subnet), SecurityGroupIDs: many(1, group)}
			p.FileSystem = &FileSystem{AccessPointARN: new(accessPointARN), MountPath: path}
		}
	}
	const form = `FileSystem.MountPath: must be "/mnt/" and a name, got `
	runChanges(t, []change{
		{name: "short", change: mount("/mnt/a")},
		{name: "every kind of character", change: mount("/mnt/Az0-_.")},
		{name: "160 characters", change: mount(times("/mnt/"+strings.Repeat("a", 160), 160))},
		{
			name: "161 characters", change: mount(times("/mnt/"+strings.Repeat("a", 160), 161)),
			want: []string{`FileSystem.MountPath: must have 1 to 160 characters, got 161 in "/mnt/` + times("a", 55) + `"…`},
		},
		{name: "no name", change: mount("/mnt/"), want: []string{form + `"/mnt/"`}},
		{name: "elsewhere", change: mount("/data"), want: []string{form + `"/data"`}},
		{name: "deeper", change: mount("/mnt/a/b"), want: []string{form + `"/mnt/a/b"`}},
		{name: "no path", change: mount(""), want: []string{"FileSystem.MountPath: must be set, got nothing"}},
		{
			name: "all wrong", change: func(p *Props) { p.FileSystem = &FileSystem{MountPath: "mnt"} },
			want: []string{
				"FileSystem.AccessPointARN: must be set, got nothing",
				form + `"mnt"`,
				"FileSystem: must go with VPC, got no VPC",
			},
		},
		{
			name: "file system's id", change: func(p *Props) {
				mount("/mnt/a")(p)
				p.FileSystem.AccessPointARN = new("fs-1")
			},
			want: []string{`FileSystem.AccessPointARN: must be an ARN of elasticfilesystem, got "fs-1"`},
		},
	})
}

func TestValidateLayers(t *testing.T) {
	t.Parallel()
	const form = "must be the ARN of a layer version, got "
	one := func(arn string) func(p *Props) {
		return func(p *Props) { p.Layers = []*string{&arn} }
	}
	var cases []change
	for _, arn := range []string{
		layer(0), "arn:aws-us-gov:lambda:us-gov-west-1:123456789012:layer:a_b-C:12", "arn:aws-cn:lambda:cn-north-1:123456789012:layer:a:1",
	} {
		cases = append(cases, change{name: arn, change: one(arn)})
	}
	for _, arn := range []string{
		"arn:aws:lambda:eu-central-1:123456789012:layer:tools", "arn:aws:lambda:eu-central-1:12345678901:layer:tools:1",
		"arn:aws:lambda:eu-central-1:123456789012:function:tools:1", "arn:aws:lambda:eu-central-1:123456789012:layer:tools:new", "tools",
	} {
		cases = append(cases, change{name: arn, change: one(arn), want: []string{"Layers[0]: " + form + `"` + arn + `"`}})
	}
	runChanges(t, append(cases,
		change{name: "5 layers", change: func(p *Props) { p.Layers = many(5, layer) }},
		change{
			name: "6 layers", change: func(p *Props) { p.Layers = many(6, layer) },
			want: []string{"Layers: must have at most 5 layers, got 6"},
		},
		change{name: "tokens", change: func(p *Props) { p.Layers = []*string{new(token), new("${TfToken[TOKEN.2]}")} }},
		change{
			name: "nothing, and the same twice", change: func(p *Props) { p.Layers = []*string{nil, new(layer(0)), new(layer(0))} },
			want: []string{
				"Layers[0]: must be set, got nothing",
				`Layers[2]: must not repeat Layers[1], got "` + layer(0) + `"`,
			},
		},
	))
}

func TestValidateTags(t *testing.T) {
	t.Parallel()
	tags := func(n int) func(p *Props) {
		return func(p *Props) {
			p.Tags = map[string]*string{}
			for i := range n {
				p.Tags["tag"+strconv.Itoa(i)] = new("x")
			}
		}
	}
	one := func(key, value string) func(p *Props) {
		return func(p *Props) { p.Tags = variables(key, value) }
	}
	runChanges(t, []change{
		{name: "49 tags", change: tags(49)},
		{name: "50 tags with a Name", change: func(p *Props) {
			tags(49)(p)
			p.Tags["Name"] = new("mine")
		}},
		{
			name: "50 tags", change: tags(50),
			want: []string{"Tags: must have at most 49 tags, 1 of AWS's 50 being the construct's own, got 50"},
		},
		{name: "key of 128 characters", change: one(times("ä", 128*2), "x")},
		{
			name: "key of 129 characters", change: one(times("ä", 129*2), "x"),
			want: []string{`Tags["` + times("ä", 129*2) + `"]: must have a key of 1 to 128 characters, got 129`},
		},
		{name: "empty key", change: one("", "x"), want: []string{`Tags[""]: must have a key of 1 to 128 characters, got 0`}},
		{name: "value of 256 characters", change: one("a", times("ä", 256*2))},
		{
			name: "value of 257 characters", change: one("a", times("ä", 257*2)),
			want: []string{`Tags["a"]: must have a value of at most 256 characters, got 257`},
		},
		{name: "empty value", change: one("a", "")},
		{name: "no value", change: func(p *Props) { p.Tags = map[string]*string{"a": nil} }, want: []string{`Tags["a"]: must have a value, got nothing`}},
		{name: "aws:", change: one("aws:a", "x"), want: []string{`Tags["aws:a"]: must not begin with aws:, which is AWS's own, got "aws:a"`}},
		{name: "AWS:", change: one("AWS:a", "x"), want: []string{`Tags["AWS:a"]: must not begin with aws:, which is AWS's own, got "AWS:a"`}},
		{name: "aWs:", change: one("aWs:", "x"), want: []string{`Tags["aWs:"]: must not begin with aws:, which is AWS's own, got "aWs:"`}},
		{name: "aws inside", change: one("my:aws:a", "x")},
		{name: "aws without colon", change: one("aws", "x")},
		{
			name: "key is a token", change: one(token, "x"),
			want: []string{`Tags["${TfToken[TOKEN.1]}"]: must have a key known at synth, got a Terraform token`},
		},
	})
}
