package lambda

// VPC is where in a VPC the function's network interfaces are.
// https://docs.aws.amazon.com/lambda/latest/dg/configuration-vpc.html
type VPC struct {
	// SubnetIDs are 1 to 16 subnets. Required.
	SubnetIDs []*string
	// SecurityGroupIDs are 1 to 5 security groups. Required.
	SecurityGroupIDs []*string
	// IPv6 allows outbound IPv6 in dual-stack subnets. Default: off.
	IPv6 bool
}

// FileSystem is an EFS access point and where it is mounted.
// https://docs.aws.amazon.com/lambda/latest/dg/configuration-filesystem.html
type FileSystem struct {
	// AccessPointARN is the EFS access point, which the role may then mount and
	// write. Required.
	AccessPointARN *string
	// MountPath is below /mnt: "/mnt/data", at most 160 characters. Required.
	MountPath string
}
