// Package lambda is an AWS Lambda function as one construct: code package,
// role, log group, URL, schedules, event sources, permissions, alias.
//
//	fn := lambda.NewFunction(stack, "Orders", lambda.Props{
//		FunctionName: "orders",
//		Code:         lambda.GoPackage{Path: "./cmd/orders"},
//		Architecture: lambda.ARM64,
//		MemoryMiB:    256,
//		Timeout:      30 * time.Second,
//	})
//
// Every mistake in the props is reported at synth under the function's construct
// path, all of them in one run, as "Field: must …, got …". Values that only
// Terraform knows are passed through and never judged.
//
// Fields that the pinned AWS provider (5.99.1) does not have are not offered:
// durable functions, tenancy, capacity providers, deletion protection of log
// groups, lambda:InvokedViaFunctionUrl in a permission (see FunctionURL).
//
// What belongs here is what a function needs to run and to be called. Tables,
// queues and other resources are the stack's.
package lambda
