package lambda

import (
	"fmt"
	"slices"
	"time"

	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"
	"github.com/cdktf/cdktf-provider-aws-go/aws/v19/cloudformationstack"
	"github.com/cdktf/cdktf-provider-aws-go/aws/v19/lambdafunctionurl"
	"github.com/cdktf/cdktf-provider-aws-go/aws/v19/lambdapermission"

	"github.com/aegis-agents/aegis/constructs/internal/check"
)

// FunctionURL is an HTTPS endpoint of the function, or of its alias.
// https://docs.aws.amazon.com/lambda/latest/dg/urls-configuration.html
//
// With AuthIAM, callers need lambda:InvokeFunctionUrl and lambda:InvokeFunction
// in their own policies (Function.GrantInvokeURL). With AuthNone everybody may
// call; the two permissions that this takes are made here. The second one has a
// condition that aws_lambda_permission of provider 5.99.1 cannot write, so it is
// a CloudFormation stack of one AWS::Lambda::Permission. Without that condition
// any AWS account could invoke the function directly with a forged event.
// https://docs.aws.amazon.com/lambda/latest/dg/urls-auth.html
type FunctionURL struct {
	// AuthType is AuthIAM or AuthNone. Default: AuthIAM.
	AuthType AuthType
	// CORS lets web pages of other origins call. Default: none.
	CORS *CORS
	// InvokeMode is Buffered, with answers to 6 MB, or ResponseStream, to
	// 200 MB. Default: Buffered.
	InvokeMode InvokeMode
}

// CORS says which web pages may call the URL.
// https://docs.aws.amazon.com/lambda/latest/api/API_Cors.html
type CORS struct {
	// AllowCredentials lets pages send cookies; origins must then be named.
	// Default: off.
	AllowCredentials bool
	// AllowHeaders and ExposeHeaders are at most 100 names of at most 1024
	// characters. Default: none.
	AllowHeaders, ExposeHeaders []string
	// AllowMethods are GET, PUT, HEAD, POST, PATCH, DELETE or "*"; at most 6.
	// Lambda answers OPTIONS itself. Default: "*".
	AllowMethods []string
	// AllowOrigins are at most 100 origins of at most 253 characters, or "*".
	// Default: "*".
	AllowOrigins []string
	// MaxAge is how long a browser may keep the answer: to 24h. Default: 0.
	MaxAge time.Duration
}

// AuthType says who may call a URL.
type AuthType string

const (
	AuthIAM  AuthType = "AWS_IAM"
	AuthNone AuthType = "NONE"
)

// InvokeMode says how an answer travels.
type InvokeMode string

const (
	Buffered       InvokeMode = "BUFFERED"
	ResponseStream InvokeMode = "RESPONSE_STREAM"
)

const (
	maxCORSItems  = 100
	maxCORSHeader = 1024
	maxCORSOrigin = 253
	maxCORSMaxAge = 24 * time.Hour
	maxMethods    = 6
	anything      = "*"
)

func (u FunctionURL) withDefaults() FunctionURL {
	if u.AuthType == "" {
		u.AuthType = AuthIAM
	}
	if u.InvokeMode == "" {
		u.InvokeMode = Buffered
	}
	if u.CORS != nil {
		cors := *u.CORS
		if cors.AllowMethods == nil {
			cors.AllowMethods = []string{anything}
		}
		if cors.AllowOrigins == nil {
			cors.AllowOrigins = []string{anything}
		}
		u.CORS = &cors
	}
	return u
}

func validateURL(p *check.Problems, url *FunctionURL) {
	if url == nil {
		return
	}
	u := url.withDefaults()
	in := p.In("URL")
	check.OneOf(in, "AuthType", u.AuthType, AuthIAM, AuthNone)
	check.OneOf(in, "InvokeMode", u.InvokeMode, Buffered, ResponseStream)
	if u.CORS == nil {
		return
	}
	in = in.In("CORS")
	if u.CORS.AllowCredentials && slices.Contains(u.CORS.AllowOrigins, anything) {
		in.Addf("AllowCredentials", `must go with named AllowOrigins, got "*", with which browsers ignore it`)
	}
	corsItems(in, "AllowHeaders", u.CORS.AllowHeaders, maxCORSItems, maxCORSHeader)
	corsItems(in, "ExposeHeaders", u.CORS.ExposeHeaders, maxCORSItems, maxCORSHeader)
	if len(u.CORS.AllowMethods) > maxMethods {
		in.Addf("AllowMethods", "must have at most %d items, got %d", maxMethods, len(u.CORS.AllowMethods))
	}
	for i, method := range u.CORS.AllowMethods {
		check.OneOf(in, fmt.Sprintf("AllowMethods[%d]", i), method, "GET", "PUT", "HEAD", "POST", "PATCH", "DELETE", anything)
	}
	corsItems(in, "AllowOrigins", u.CORS.AllowOrigins, maxCORSItems, maxCORSOrigin)
	in.Seconds("MaxAge", u.CORS.MaxAge, 0, maxCORSMaxAge)
}

func corsItems(p *check.Problems, field string, items []string, most, length int) {
	if len(items) > most {
		p.Addf(field, "must have at most %d items, got %d", most, len(items))
	}
	for i, item := range items {
		p.Length(fmt.Sprintf("%s[%d]", field, i), item, 1, length)
	}
}

// urlParts are the resources of a URL.
type urlParts struct {
	url        lambdafunctionurl.LambdaFunctionUrl
	permission lambdapermission.LambdaPermission
	stack      cloudformationstack.CloudformationStack
}

func (f *Function) addURL(props FunctionURL) {
	u := props.withDefaults()
	node := constructs.NewConstruct(f, jsii.String("URL"))
	config := &lambdafunctionurl.LambdaFunctionUrlConfig{
		FunctionName:      f.fn.FunctionName(),
		Qualifier:         f.qualifier(),
		AuthorizationType: jsii.String(string(u.AuthType)),
		InvokeMode:        jsii.String(string(u.InvokeMode)),
	}
	if c := u.CORS; c != nil {
		config.Cors = &lambdafunctionurl.LambdaFunctionUrlCors{
			AllowCredentials: jsii.Bool(c.AllowCredentials),
			AllowHeaders:     texts(c.AllowHeaders),
			AllowMethods:     texts(c.AllowMethods),
			AllowOrigins:     texts(c.AllowOrigins),
			ExposeHeaders:    texts(c.ExposeHeaders),
			MaxAge:           seconds(c.MaxAge),
		}
	}
	f.url = &urlParts{url: lambdafunctionurl.NewLambdaFunctionUrl(node, jsii.String("Resource"), config)}
	if u.AuthType == AuthNone {
		f.allowEverybody(node)
	}
}

// maxStackName is CloudFormation's.
// https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_CreateStack.html
const maxStackName = 128

// allowEverybody makes the two permissions of a public URL. The provider makes
// the first one too, under the id FunctionURLAllowPublicAccess, but only when
// the URL is created and never takes it back; ours has another id.
func (f *Function) allowEverybody(node constructs.Construct) {
	f.url.permission = lambdapermission.NewLambdaPermission(node, jsii.String("Permission"), &lambdapermission.LambdaPermissionConfig{
		StatementId:         jsii.String("FunctionURLPublic"),
		Action:              jsii.String("lambda:InvokeFunctionUrl"),
		FunctionName:        f.fn.FunctionName(),
		Qualifier:           f.qualifier(),
		Principal:           jsii.String(anything),
		FunctionUrlAuthType: jsii.String(string(AuthNone)),
	})
	template := map[string]any{
		"AWSTemplateFormatVersion": "2010-09-09",
		"Description":              "Lets callers of the function's public URL, and only of the URL, invoke it",
		"Resources": map[string]any{
			"InvokeViaURL": map[string]any{
				"Type": "AWS::Lambda::Permission",
				"Properties": map[string]any{
					"Action":                "lambda:InvokeFunction",
					"FunctionName":          *f.target(),
					"Principal":             anything,
					"InvokedViaFunctionUrl": true,
				},
			},
		},
	}
	f.url.stack = cloudformationstack.NewCloudformationStack(node, jsii.String("InvokePermission"), &cloudformationstack.CloudformationStackConfig{
		Name:         jsii.String(stackName(f.settings.name)),
		TemplateBody: jsonText(template),
		Tags:         f.tags(stackName(f.settings.name)),
	})
}
