// A client in Go: it reads a book, places an order, finds it among the open ones, hears the book on a stream, and is told what
// is wrong with a wrong order. What it finds is printed as one JSON document.
//
// Usage: go_client ADDRESS TOKEN VENUE ACCOUNT
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"

	"ecosystem/services"
	v1 "ecosystem/v1"
)

// codec writes messages with the current protobuf library. The gRPC library of some distributions is older than that, and its
// own codec knows only messages of the library before.
type codec struct{}

func (codec) Marshal(value interface{}) ([]byte, error) { return proto.Marshal(value.(proto.Message)) }

func (codec) Unmarshal(data []byte, value interface{}) error {
	return proto.Unmarshal(data, value.(proto.Message))
}

func (codec) Name() string { return "proto" }

type findings struct {
	Bid       int64  `json:"bid"`
	Ask       int64  `json:"ask"`
	OrderID   int64  `json:"order_id"`
	Leaves    int64  `json:"leaves"`
	Open      int    `json:"open"`
	Snapshot  int64  `json:"snapshot"`
	Code      string `json:"code"`
	Field     string `json:"field"`
	Problem   string `json:"problem"`
	Responses int64  `json:"responses"`
}

func main() {
	if len(os.Args) != 5 {
		fmt.Fprintln(os.Stderr, "usage: go_client ADDRESS TOKEN VENUE ACCOUNT")
		os.Exit(2)
	}
	found, err := trade(os.Args[1], os.Args[2], os.Args[3], os.Args[4])
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	if err := json.NewEncoder(os.Stdout).Encode(found); err != nil {
		os.Exit(1)
	}
}

func trade(address, token, venue, account string) (*findings, error) {
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	connection, err := grpc.DialContext(
		ctx, address, grpc.WithInsecure(), grpc.WithBlock(), grpc.WithDefaultCallOptions(grpc.ForceCodec(codec{})),
	)
	if err != nil {
		return nil, err
	}
	defer connection.Close()
	ctx = metadata.AppendToOutgoingContext(ctx, "authorization", "Bearer "+token)
	found := &findings{}
	feed, trading := services.NewPriceFeedServiceClient(connection), services.NewTradingServiceClient(connection)

	var book *services.GetDepthResponse
	// A market that has just begun has no book before its first publication.
	for book == nil || len(book.Depth.Bids) == 0 || len(book.Depth.Asks) == 0 {
		var err error
		book, err = feed.GetDepth(ctx, &services.GetDepthRequest{Venue: venue, Instrument: "BTC/USD"})
		if err != nil {
			return nil, fmt.Errorf("depth: %w", err)
		}
		time.Sleep(50 * time.Millisecond)
	}
	found.Bid, found.Ask = book.Depth.Bids[0].PriceTicks, book.Depth.Asks[0].PriceTicks

	order := &v1.PlaceOrder{
		Venue:         venue,
		Account:       account,
		ClientOrderId: "from-go",
		Instrument:    "BTC/USD",
		Side:          v1.Side_SIDE_BUY,
		OrderType:     v1.OrderType_ORDER_TYPE_LIMIT,
		TimeInForce:   v1.TimeInForce_TIME_IN_FORCE_GOOD_TILL_CANCEL,
		PriceTicks:    found.Bid - found.Bid/10,
		QuantityLots:  1_000,
	}
	placed, err := trading.PlaceOrder(ctx, &services.PlaceOrderRequest{Order: order})
	if err != nil {
		return nil, fmt.Errorf("order: %w", err)
	}
	if refused := placed.GetRejected(); refused != nil {
		return nil, fmt.Errorf("order: %s", refused.Reason)
	}
	found.OrderID, found.Leaves = placed.GetAccepted().OrderId, placed.GetAccepted().QuantityLots

	open, err := trading.ListOpenOrders(ctx, &services.ListOpenOrdersRequest{Venue: venue, Account: account})
	if err != nil {
		return nil, fmt.Errorf("open orders: %w", err)
	}
	for _, one := range open.Orders {
		if one.ClientOrderId == order.ClientOrderId {
			found.Open++
		}
	}
	if err := listen(ctx, feed, venue, found); err != nil {
		return nil, fmt.Errorf("stream: %w", err)
	}
	return found, refuse(ctx, trading, order, found)
}

// listen waits for the book on the stream of market data.
func listen(ctx context.Context, feed services.PriceFeedServiceClient, venue string, found *findings) error {
	stream, err := feed.StreamMarketData(ctx, &services.StreamMarketDataRequest{
		Venues:      []string{venue},
		Instruments: []string{"BTC/USD"},
		Channels:    []services.MarketDataChannel{services.MarketDataChannel_MARKET_DATA_CHANNEL_DEPTH},
	})
	if err != nil {
		return err
	}
	for {
		response, err := stream.Recv()
		if err != nil {
			return err
		}
		found.Responses = response.Number
		if snapshot := response.GetDepthSnapshot(); snapshot != nil {
			found.Snapshot = snapshot.Bids[0].PriceTicks
			return nil
		}
	}
}

// refuse sends an order without a side, and reads the detail of the refusal.
func refuse(ctx context.Context, trading services.TradingServiceClient, order *v1.PlaceOrder, found *findings) error {
	order.Side = v1.Side_SIDE_UNSPECIFIED
	_, err := trading.PlaceOrder(ctx, &services.PlaceOrderRequest{Order: order})
	refusal := status.Convert(err).Proto()
	if len(refusal.GetDetails()) != 1 {
		return fmt.Errorf("a refusal without a detail: %v", err)
	}
	found.Code = status.Code(err).String()
	var detail services.ErrorDetail
	if err := proto.Unmarshal(refusal.Details[0].Value, &detail); err != nil {
		return err
	}
	found.Field, found.Problem = detail.Errors[0].Field, detail.Errors[0].Problem
	return nil
}
