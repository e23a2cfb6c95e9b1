package main

import (
	"net/netip"

	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"
	"github.com/cdktf/cdktf-provider-aws-go/aws/v19/dataawsavailabilityzones"
	"github.com/cdktf/cdktf-provider-aws-go/aws/v19/internetgateway"
	"github.com/cdktf/cdktf-provider-aws-go/aws/v19/route"
	"github.com/cdktf/cdktf-provider-aws-go/aws/v19/routetable"
	"github.com/cdktf/cdktf-provider-aws-go/aws/v19/routetableassociation"
	"github.com/cdktf/cdktf-provider-aws-go/aws/v19/securitygroup"
	"github.com/cdktf/cdktf-provider-aws-go/aws/v19/subnet"
	"github.com/cdktf/cdktf-provider-aws-go/aws/v19/vpc"
	"github.com/cdktf/cdktf-provider-aws-go/aws/v19/vpcendpoint"
	"github.com/hashicorp/terraform-cdk-go/cdktf"
)

// network is where the agents run.
type network struct {
	subnets, securityGroups []*string
	assignPublicIP          bool
}

const (
	zones     = 2
	anywhere  = "0.0.0.0/0"
	httpPort  = 80
	httpsPort = 443
)

// newNetwork takes the given subnets, or makes a VPC in two zones. Its subnets are
// public: agents only go out, and a NAT gateway would cost more than all the rest.
func (p *platform) newNetwork() network {
	if !p.env.ownNetwork() {
		return network{
			subnets: literals(p.env.Subnets), securityGroups: literals(p.env.SecurityGroups), assignPublicIP: p.env.AssignPublicIP,
		}
	}
	node := constructs.NewConstruct(p.stack, jsii.String("Network"))
	own := vpc.NewVpc(node, jsii.String("VPC"), &vpc.VpcConfig{
		CidrBlock: jsii.String(p.env.VPCCIDR), EnableDnsSupport: jsii.Bool(true), EnableDnsHostnames: jsii.Bool(true),
		Tags: nameTag(p.env.stackName()),
	})
	gateway := internetgateway.NewInternetGateway(node, jsii.String("Gateway"), &internetgateway.InternetGatewayConfig{
		VpcId: own.Id(), Tags: nameTag(p.env.stackName()),
	})
	routes := routetable.NewRouteTable(node, jsii.String("Routes"), &routetable.RouteTableConfig{
		VpcId: own.Id(), Tags: nameTag(p.env.name("public")),
	})
	route.NewRoute(node, jsii.String("ToInternet"), &route.RouteConfig{
		RouteTableId: routes.Id(), DestinationCidrBlock: jsii.String(anywhere), GatewayId: gateway.Id(),
	})
	available := dataawsavailabilityzones.NewDataAwsAvailabilityZones(node, jsii.String("Zones"), &dataawsavailabilityzones.DataAwsAvailabilityZonesConfig{
		State: jsii.String("available"),
		// Local zones have no Fargate, and are only there for who opted in.
		Filter: []*dataawsavailabilityzones.DataAwsAvailabilityZonesFilter{{
			Name: jsii.String("opt-in-status"), Values: jsii.Strings("opt-in-not-required"),
		}},
	})
	n := network{assignPublicIP: true}
	for i, cidr := range halves(p.env.VPCCIDR) {
		zone := constructs.NewConstruct(node, jsii.String([zones]string{"A", "B"}[i]))
		s := subnet.NewSubnet(zone, jsii.String("Subnet"), &subnet.SubnetConfig{
			VpcId: own.Id(), CidrBlock: jsii.String(cidr),
			AvailabilityZone: cdktf.Token_AsString(cdktf.Fn_Element(available.Names(), jsii.Number(i)), nil),
			Tags:             nameTag(p.env.name("public-" + [zones]string{"a", "b"}[i])),
		})
		routetableassociation.NewRouteTableAssociation(zone, jsii.String("Routes"), &routetableassociation.RouteTableAssociationConfig{
			SubnetId: s.Id(), RouteTableId: routes.Id(),
		})
		n.subnets = append(n.subnets, s.Id())
	}
	for _, service := range []string{"s3", "dynamodb"} {
		vpcendpoint.NewVpcEndpoint(node, jsii.String(service), &vpcendpoint.VpcEndpointConfig{
			VpcId: own.Id(), VpcEndpointType: jsii.String("Gateway"),
			ServiceName:   jsii.String("com.amazonaws." + *p.region + "." + service),
			RouteTableIds: &[]*string{routes.Id()},
			Tags:          nameTag(p.env.name(service)),
		})
	}
	n.securityGroups = []*string{p.newSecurityGroup(node, own).Id()}
	return n
}

// newSecurityGroup lets nothing in, and out to web servers only: AWS's interfaces
// and the pages that agents fetch. The VPC's resolver is not subject to it.
// https://docs.aws.amazon.com/vpc/latest/userguide/vpc-security-groups.html
func (p *platform) newSecurityGroup(node constructs.Construct, own vpc.Vpc) securitygroup.SecurityGroup {
	var egress []*securitygroup.SecurityGroupEgress
	for _, port := range []int{httpPort, httpsPort} {
		egress = append(egress, &securitygroup.SecurityGroupEgress{
			Description: jsii.String("Web servers"), Protocol: jsii.String("tcp"), CidrBlocks: jsii.Strings(anywhere),
			FromPort: jsii.Number(port), ToPort: jsii.Number(port),
		})
	}
	return securitygroup.NewSecurityGroup(node, jsii.String("Agents"), &securitygroup.SecurityGroupConfig{
		Name: jsii.String(p.env.name("agents")), Description: jsii.String("Agents: nothing in, web servers out"),
		VpcId: own.Id(), Egress: egress, Tags: nameTag(p.env.name("agents")),
	})
}

// halves are the two halves of a network that fields has checked.
func halves(cidr string) [zones]string {
	whole, err := netip.ParsePrefix(cidr)
	if err != nil || !whole.Addr().Is4() {
		return [zones]string{cidr, cidr} // AWS says what is wrong with it
	}
	first := whole.Addr().As4()
	second := first
	bit := whole.Bits()
	second[bit/8] |= 0x80 >> (bit % 8)
	return [zones]string{
		netip.PrefixFrom(netip.AddrFrom4(first), bit+1).String(), netip.PrefixFrom(netip.AddrFrom4(second), bit+1).String(),
	}
}

func literals(values []string) []*string { return *jsii.Strings(values...) }
